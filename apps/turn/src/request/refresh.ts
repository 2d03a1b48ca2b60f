// RFC 8656 section 8.2: receiving a Refresh request.
import { AddressFamily, Lifetime, RequestedAddressFamily, StunErrorCode } from '@millrace/protocol/stun';
import type { Allocation } from '../allocation/allocation.ts';
import type { Relay } from '../allocation/relay.ts';
import type { ProvenExchange } from './exchange.ts';
import { lifetimeMs } from './lifetime.ts';
import { ownAllocation } from './own-allocation.ts';
import type { TurnContext } from './turn-context.ts';

export function refresh(context: TurnContext, exchange: ProvenExchange): void {
  const { answers, allocations, settings } = context;
  const allocation = ownAllocation(exchange);
  if (typeof allocation === 'number') return answers.fail(exchange, allocation);
  const relays = namedRelays(allocation, exchange);
  // "If … its value does not match the address family of the allocation, the server MUST … 443".
  if (relays.length === 0) return answers.fail(exchange, StunErrorCode.peerAddressFamilyMismatch);
  const ends = exchange.request.get(Lifetime) === 0;
  const wantedMs = ends ? 0 : lifetimeMs(exchange.request, settings);
  if (ends) for (const relay of relays) allocations.endRelay(allocation, relay);
  else {
    for (const relay of relays) relay.expiresAtMs = exchange.nowMs + wantedMs;
    allocations.refreshed(allocation);
  }
  answers.succeed(exchange, (answer) => answer.add(Lifetime, Math.floor(wantedMs / 1000)));
}

/** All of them, or those of the family that the request names. */
function namedRelays(allocation: Allocation, { request }: ProvenExchange): readonly Relay[] {
  const named = request.get(RequestedAddressFamily);
  if (named === undefined) return [...allocation.relays];
  const family = named === AddressFamily.ipv6 ? 'IPv6' : named === AddressFamily.ipv4 ? 'IPv4' : undefined;
  return allocation.relays.filter((relay) => relay.family === family);
}
