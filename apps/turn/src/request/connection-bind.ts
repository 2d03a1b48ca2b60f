// RFC 6062 section 5.4: a new connection of a client becomes one with that of a peer.
import { ConnectionId, StunErrorCode } from '@millrace/protocol/stun';
import type { ProvenExchange } from './exchange.ts';
import { isSameUser } from './own-allocation.ts';
import type { TurnContext } from './turn-context.ts';

export function connectionBind(context: TurnContext, exchange: ProvenExchange): void {
  const { answers, peerConnections } = context;
  const { flow, credential } = exchange;
  const id = exchange.request.get(ConnectionId);
  const waiting = id === undefined ? undefined : peerConnections.find(id);
  // Who guesses ids of others hears the same as who makes them up.
  const isTheirs = waiting !== undefined && isSameUser(waiting.allocation.credential, credential);
  if (id === undefined || !waiting?.stream || !isTheirs || flow.allocation || !flow.join)
    return answers.fail(exchange, StunErrorCode.badRequest);
  peerConnections.take(id);
  const { allocation, stream } = waiting;
  answers.succeed(exchange);
  const { traffic } = allocation;
  flow.join(stream, {
    toPeer: (bytes) => traffic.send(bytes, context.nowMs()),
    toClient: (bytes) => traffic.receive(bytes, context.nowMs()),
  });
}
