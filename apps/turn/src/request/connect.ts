// RFC 6062 section 5.2: a client wants a connection to a peer; section 5.3: a peer has made one.
import {
  ConnectionId,
  MessageBuilder,
  StunClass,
  StunErrorCode,
  StunMethod,
  XorPeerAddress,
} from '@millrace/protocol/stun';
import type { Allocation } from '../allocation/allocation.ts';
import { familyOf } from '../peers/ip-address.ts';
import type { PeerStream } from '../allocation/tcp-relay.ts';
import { admitPeer, isTcpPortDenied } from './admit-peer.ts';
import type { ProvenExchange } from './exchange.ts';
import { ownAllocation } from './own-allocation.ts';
import type { TurnContext } from './turn-context.ts';

export function connect(context: TurnContext, exchange: ProvenExchange): void {
  const { answers, peerConnections, settings } = context;
  const allocation = ownAllocation(exchange);
  if (typeof allocation === 'number') return answers.fail(exchange, allocation);
  const address = exchange.request.get(XorPeerAddress);
  if (address === undefined || address.port === 0 || allocation.transport !== 'tcp')
    return answers.fail(exchange, StunErrorCode.badRequest);
  const peer = admitPeer(context, allocation, address);
  if (typeof peer === 'number') return answers.fail(exchange, peer);
  if (isTcpPortDenied(context, peer.isOwn, address.port)) return answers.fail(exchange, StunErrorCode.forbidden);
  const { tcp } = peer.relay;
  if (!tcp) return answers.fail(exchange, StunErrorCode.badRequest);
  const name = peerName(address.address, address.port);
  if (peerConnections.has(allocation, name)) return answers.fail(exchange, StunErrorCode.connectionAlreadyExists);
  const reserved = peerConnections.reserve(allocation, name);
  if (!reserved) return answers.fail(exchange, StunErrorCode.insufficientCapacity);

  tcp.connect(address.address, address.port, settings.connectMs, (stream) => {
    const isWanted = !allocation.ended && !exchange.flow.closed;
    if (!stream || !isWanted) {
      stream?.close();
      peerConnections.end(reserved);
      if (isWanted) answers.fail(exchange, StunErrorCode.connectionTimeoutOrFailure);
      return;
    }
    const id = peerConnections.opened(reserved, stream, context.nowMs());
    answers.succeed(exchange, (answer) => answer.add(ConnectionId, id));
  });
}

/** A peer has connected to the relayed address: only one that is permitted is told of. */
export function peerConnected(context: TurnContext, allocation: Allocation, stream: PeerStream): void {
  const { peerConnections, counters } = context;
  const { address, port } = stream;
  const permission = allocation.ended ? undefined : allocation.permitted(address, context.nowMs());
  // Its port says nothing: it is the peer that has chosen to come here.
  if (!permission) {
    counters.dropped('no_permission');
    stream.close();
    return;
  }
  const name = peerName(address, port);
  const reserved = peerConnections.has(allocation, name) ? undefined : peerConnections.reserve(allocation, name);
  if (!reserved) {
    stream.close();
    return;
  }
  const id = peerConnections.opened(reserved, stream, context.nowMs());
  const indication = new MessageBuilder(StunClass.indication, StunMethod.connectionAttempt);
  indication.add(ConnectionId, id).add(XorPeerAddress, { family: familyOf(address), address, port });
  allocation.flow.send(indication.build());
}

const peerName = (address: string, port: number): string => `${port}|${address}`;
