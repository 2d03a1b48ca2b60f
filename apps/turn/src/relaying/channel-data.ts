// RFC 8656 section 12.6: what a client sends through a channel goes on as it is, a view of what came.
import { CHANNEL_DATA_HEADER_BYTES } from '@millrace/protocol/stun';
import type { Counters } from '../counters.ts';
import type { ClientFlow } from '../allocation/client-flow.ts';

export function relayChannelData(counters: Counters, flow: ClientFlow, bytes: Buffer, nowMs: number): void {
  const { allocation } = flow;
  if (!allocation) return counters.dropped('no_allocation');
  if (bytes.length < CHANNEL_DATA_HEADER_BYTES) return counters.dropped('malformed');
  const end = CHANNEL_DATA_HEADER_BYTES + ((bytes[2]! << 8) | bytes[3]!);
  // Section 12.6: what is shorter than it says is dropped; padding behind the data is not looked at.
  if (end > bytes.length) return counters.dropped('malformed');
  const binding = allocation.channel((bytes[0]! << 8) | bytes[1]!, nowMs);
  if (!binding) return counters.dropped('no_channel');
  const { relay, address } = binding.permission;
  if (relay.expiresAtMs <= nowMs || !relay.udp) return counters.dropped('no_allocation');
  if (!allocation.traffic.send(end - CHANNEL_DATA_HEADER_BYTES, nowMs)) return;
  relay.udp.send(bytes.subarray(CHANNEL_DATA_HEADER_BYTES, end), address, binding.port);
}
