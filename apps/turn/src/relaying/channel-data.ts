// RFC 8656 section 12.6: what a client sends through a channel goes on as it is, a view of what came.
import { CHANNEL_DATA_HEADER_BYTES } from '@millrace/protocol/stun';
import type { Counters } from '../counters.ts';
import type { ClientFlow } from '../allocation/client-flow.ts';

/** @param memory has the message from `start` to `end` */
export function relayChannelData(
  counters: Counters,
  flow: ClientFlow,
  memory: Buffer,
  start: number,
  end: number,
  nowMs: number,
): void {
  const { allocation } = flow;
  if (!allocation) return counters.dropped('no_allocation');
  const dataAt = start + CHANNEL_DATA_HEADER_BYTES;
  if (dataAt > end) return counters.dropped('malformed');
  const length = (memory[start + 2]! << 8) | memory[start + 3]!;
  // Section 12.6: what is shorter than it says is dropped; padding behind the data is not looked at.
  if (dataAt + length > end) return counters.dropped('malformed');
  const binding = allocation.channel((memory[start]! << 8) | memory[start + 1]!, nowMs);
  if (!binding) return counters.dropped('no_channel');
  const { relay, address } = binding.permission;
  if (relay.expiresAtMs <= nowMs || !relay.udp) return counters.dropped('no_allocation');
  if (!allocation.traffic.send(length, nowMs)) return;
  relay.udp.forward(memory, dataAt, dataAt + length, address, binding.port);
}
