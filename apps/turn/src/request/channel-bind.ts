// RFC 8656 section 12.2: receiving a ChannelBind request.
import { ChannelNumber, isChannelNumber, StunErrorCode, XorPeerAddress } from '@millrace/protocol/stun';
import type { Allocation } from '../allocation/allocation.ts';
import { admitPeer, isPortDenied } from './admit-peer.ts';
import type { AdmittedPeer } from './admit-peer.ts';
import { hasRoom } from './create-permission.ts';
import type { ProvenExchange } from './exchange.ts';
import { ownAllocation } from './own-allocation.ts';
import type { TurnContext } from './turn-context.ts';

export function channelBind(context: TurnContext, exchange: ProvenExchange): void {
  const { answers, allocations, settings } = context;
  const allocation = ownAllocation(exchange);
  if (typeof allocation === 'number') return answers.fail(exchange, allocation);
  const number = exchange.request.get(ChannelNumber);
  const address = exchange.request.get(XorPeerAddress);
  if (
    number === undefined ||
    address === undefined ||
    !isChannelNumber(number, settings.maxChannelNumber) ||
    address.port === 0
  )
    return answers.fail(exchange, StunErrorCode.badRequest);
  // RFC 6062 section 5: channels are for datagrams.
  if (allocation.transport === 'tcp') return answers.fail(exchange, StunErrorCode.badRequest);
  const peer = admitPeer(context, allocation, address);
  if (typeof peer === 'number') return answers.fail(exchange, peer);
  if (isPortDenied(context, peer.isOwn, address.port)) return answers.fail(exchange, StunErrorCode.forbidden);

  // What is over is not "currently bound", for the server; section 12 has the client wait another five minutes.
  const bound = currentBinding(allocation, number, peer, address.port, exchange.nowMs);
  if (bound === 'conflict') return answers.fail(exchange, StunErrorCode.badRequest);
  if (bound) {
    allocations.permit(allocation, peer.address, peer.relay, peer.isOwn);
    bound.refresh(exchange.nowMs);
  } else {
    if (!hasRoom(context, allocation, [peer]) || !hasChannelRoom(context, allocation))
      return answers.fail(exchange, StunErrorCode.insufficientCapacity);
    allocations.sweep(allocation);
    const permission = allocations.permit(allocation, peer.address, peer.relay, peer.isOwn);
    allocations.bind(allocation, number, permission, address.port);
  }
  answers.succeed(exchange);
}

/** "The channel number is not currently bound to a different transport address", nor the address to a different number. */
function currentBinding(allocation: Allocation, number: number, peer: AdmittedPeer, port: number, nowMs: number) {
  const byNumber = allocation.channel(number, nowMs);
  const ofPeer = allocation.permissions.get(peer.address)?.channels.get(port);
  const byPeer = ofPeer !== undefined && ofPeer.expiresAtMs > nowMs ? ofPeer : undefined;
  return byNumber === byPeer ? byNumber : 'conflict';
}

function hasChannelRoom({ allocations, counters, settings }: TurnContext, allocation: Allocation): boolean {
  if (allocation.channels.size < settings.maxChannels) return true;
  allocations.sweep(allocation);
  if (allocation.channels.size < settings.maxChannels) return true;
  counters.met('max_channels');
  return false;
}
