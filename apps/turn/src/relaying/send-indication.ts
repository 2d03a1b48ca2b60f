// RFC 8656 section 11.2: receiving a Send indication.
import { Data, DontFragment, XorPeerAddress } from '@millrace/protocol/stun';
import type { StunMessage } from '@millrace/protocol/stun';
import { isKnown } from '../request/known-attributes.ts';
import { isPortDenied } from '../request/admit-peer.ts';
import type { TurnContext } from '../request/turn-context.ts';
import type { ClientFlow } from '../allocation/client-flow.ts';

/** Nothing is answered: what cannot go on is dropped. @throws ProtocolError when an attribute is malformed */
export function relaySendIndication(context: TurnContext, flow: ClientFlow, message: StunMessage, nowMs: number): void {
  const { counters } = context;
  const { allocation } = flow;
  if (!allocation) return counters.dropped('no_allocation');
  if (message.unknownRequired(isKnown).length > 0) return counters.dropped('unknown_attributes');
  const peer = message.get(XorPeerAddress);
  const data = message.get(Data);
  if (!peer || !data) return counters.dropped('malformed');
  // The permission was given by the same policy that judged the address.
  const permission = allocation.permitted(peer.address, nowMs);
  if (!permission) return counters.dropped('no_permission');
  const { relay, isOwn } = permission;
  if (isPortDenied(context, isOwn, peer.port)) return counters.dropped('denied_peer');
  if (relay.expiresAtMs <= nowMs || !relay.udp) return counters.dropped('no_allocation');
  const isWhole = message.has(DontFragment);
  if (isWhole && !relay.udp.canSendWhole()) return counters.dropped('unknown_attributes');
  if (!allocation.traffic.send(data.length, nowMs)) return;
  if (isWhole) relay.udp.sendWhole(data, peer.address, peer.port);
  else relay.udp.send(data, peer.address, peer.port);
}
