// RFC 8656 sections 11.3 and 12.7: what a peer sends reaches the client through its channel, or in a Data indication.
import type { Allocation } from '../allocation/allocation.ts';
import type { Relay } from '../allocation/relay.ts';
import { isPortDenied } from '../request/admit-peer.ts';
import type { TurnContext } from '../request/turn-context.ts';
import { dataIndicationHead } from './data-indication.ts';

/** The longest datagram that has a length of 16 bits together with what is put before it. */
const MAX_DATA_BYTES = 65_500;

export function relayPeerData(
  context: Pick<TurnContext, 'counters' | 'policy'>,
  allocation: Allocation,
  relay: Relay,
  bytes: Buffer,
  from: { readonly address: string; readonly port: number },
  nowMs: number,
): void {
  const { counters } = context;
  const { address, port } = from;
  if (allocation.ended || relay.expiresAtMs <= nowMs) return counters.dropped('no_allocation');
  const permission = allocation.permitted(address, nowMs);
  if (!permission || permission.relay !== relay) return counters.dropped('no_permission');
  if (isPortDenied(context, permission.isOwn, port)) return counters.dropped('denied_peer');
  if (bytes.length > MAX_DATA_BYTES) return counters.dropped('malformed');
  if (!allocation.traffic.receive(bytes.length, nowMs)) return;
  const { flow } = allocation;
  const binding = permission.channels.get(port);
  if (binding !== undefined && binding.expiresAtMs > nowMs) {
    const { number } = binding;
    const head = Buffer.allocUnsafe(4);
    head[0] = number >> 8;
    head[1] = number & 0xff;
    head[2] = bytes.length >> 8;
    head[3] = bytes.length & 0xff;
    flow.sendParts(head, bytes, flow.transport !== 'udp');
  } else {
    flow.sendParts(dataIndicationHead(relay.family, address, port, bytes.length), bytes, true);
  }
}
