// RFC 8656 section 8.2: receiving a Refresh request.
import {
  AddressFamily,
  Lifetime,
  MobilityTicket,
  RequestedAddressFamily,
  StunErrorCode,
} from '@millrace/protocol/stun';
import type { Allocation } from '../allocation/allocation.ts';
import type { Relay } from '../allocation/relay.ts';
import type { ProvenExchange } from './exchange.ts';
import { lifetimeMs } from './lifetime.ts';
import { ownAllocation } from './own-allocation.ts';
import type { TurnContext } from './turn-context.ts';

export function refresh(context: TurnContext, exchange: ProvenExchange): void {
  const { answers, allocations, settings, tickets } = context;
  const ticket = exchange.request.raw(MobilityTicket.type);
  if (ticket !== undefined && !tickets) return answers.fail(exchange, StunErrorCode.mobilityForbidden);
  // Section 3.2: a request asks by a ticket; only an Allocate has an empty one.
  if (ticket?.length === 0) return answers.fail(exchange, StunErrorCode.badRequest);
  // RFC 8016 section 3.2.2: the ticket names the allocation where the 5-tuple has none.
  const found = ticket === undefined ? undefined : tickets?.find(ticket);
  if (found && exchange.flow.allocation && exchange.flow.allocation !== found)
    return answers.fail(exchange, StunErrorCode.allocationMismatch);
  const named = exchange.flow.allocation ? undefined : found;
  const allocation = ownAllocation(exchange, named);
  if (typeof allocation === 'number') return answers.fail(exchange, allocation);
  const relays = namedRelays(allocation, exchange);
  // "If … its value does not match the address family of the allocation, the server MUST … 443".
  if (relays.length === 0) return answers.fail(exchange, StunErrorCode.peerAddressFamilyMismatch);
  const ends = exchange.request.get(Lifetime) === 0;
  const wantedMs = ends ? 0 : lifetimeMs(exchange.request, settings);
  if (named && !ends) allocations.move(named, exchange.flow);
  if (ends) for (const relay of relays) allocations.endRelay(allocation, relay);
  else {
    for (const relay of relays) relay.expiresAtMs = exchange.nowMs + wantedMs;
    allocations.refreshed(allocation);
  }
  answers.succeed(exchange, (answer) => {
    answer.add(Lifetime, Math.floor(wantedMs / 1000));
    // Each ticket is good for one move; a client that asked for one gets the next.
    if (ticket !== undefined && tickets?.has(allocation) === true)
      answer.add(MobilityTicket, tickets.issue(allocation));
  });
}

/** All of them, or those of the family that the request names. */
function namedRelays(allocation: Allocation, { request }: ProvenExchange): readonly Relay[] {
  const named = request.get(RequestedAddressFamily);
  if (named === undefined) return [...allocation.relays];
  const family = named === AddressFamily.ipv6 ? 'IPv6' : named === AddressFamily.ipv4 ? 'IPv4' : undefined;
  return allocation.relays.filter((relay) => relay.family === family);
}
