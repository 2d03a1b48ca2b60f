// RFC 8656 section 7.2: receiving an Allocate request.
import {
  AddressErrorCode,
  AddressFamily,
  AlternateServer,
  DontFragment,
  Lifetime,
  MobilityTicket,
  ReservationToken,
  STUN_ERROR_REASONS,
  StunErrorCode,
  UnknownAttributes,
  XorMappedAddress,
  XorRelayedAddress,
} from '@millrace/protocol/stun';
import type { ReservedPort } from '../allocation/reservations.ts';
import { RESERVATION_LIFETIME_MS } from '../allocation/reservations.ts';
import type { IpFamily } from '../peers/ip-address.ts';
import { releaseAllocationQuota, takeAllocationQuota } from '../limits/allocation-quota.ts';
import type { ProvenExchange } from './exchange.ts';
import { lifetimeMs } from './lifetime.ts';
import { openRelay, openRelayAt } from './open-relay.ts';
import type { OpenedRelay } from './open-relay.ts';
import type { TurnContext } from './turn-context.ts';
import { readWanted } from './wanted-allocation.ts';
import type { WantedAllocation } from './wanted-allocation.ts';

/** What was opened for a request. */
interface Opened {
  readonly relays: readonly OpenedRelay[];
  /** Families that were asked for as well and could not be had. */
  readonly lacking: readonly { readonly family: IpFamily; readonly code: StunErrorCode }[];
  readonly token?: Uint8Array;
}

export function allocate(context: TurnContext, exchange: ProvenExchange): void {
  const { answers, counters } = context;
  const { flow, credential } = exchange;
  if (flow.allocation) return answers.fail(exchange, StunErrorCode.allocationMismatch);
  const wanted = readWanted(exchange);
  if (typeof wanted === 'number') return answers.fail(exchange, wanted);
  const wantsTicket = exchange.request.has(MobilityTicket);
  // RFC 8016 section 3.1.2: "If mobility is forbidden … the server … 405"; and a client without an allocation has no ticket.
  if (wantsTicket && !context.tickets) return answers.fail(exchange, StunErrorCode.mobilityForbidden);
  if (wantsTicket && exchange.request.raw(MobilityTicket.type)!.length > 0)
    return answers.fail(exchange, StunErrorCode.badRequest);
  if (context.draining) {
    counters.met('draining');
    return sendElsewhere(context, exchange);
  }
  const reached = takeAllocationQuota(context, credential.grant);
  if (reached !== undefined) return answers.fail(exchange, reached.code, undefined, reached.detail);
  const livesMs = lifetimeMs(exchange.request, context.settings);
  const expiresAtMs = exchange.nowMs + livesMs;
  const opened = open(context, exchange, wanted, expiresAtMs);
  if (typeof opened === 'number') {
    releaseAllocationQuota(context, credential.grant);
    return answers.fail(exchange, opened);
  }
  // Section 7.2: a server that cannot set the bit treats the attribute as one that it does not know.
  if (exchange.request.has(DontFragment) && !opened.relays.every(({ relay }) => relay.udp?.canSendWhole() === true)) {
    for (const relay of opened.relays) close(context, relay);
    releaseAllocationQuota(context, credential.grant);
    return answers.fail(exchange, StunErrorCode.unknownAttribute, (answer) =>
      answer.add(UnknownAttributes, [DontFragment.type]),
    );
  }
  const relays = opened.relays.map(({ relay }) => relay);
  const allocation = context.allocations.add(flow, credential, wanted.transport, relays);
  allocation.proof = { username: credential.username, key: exchange.proven.key };
  for (const relay of opened.relays) relay.belongTo(allocation);
  answers.succeed(exchange, (answer) => {
    for (const relay of relays) answer.add(XorRelayedAddress, relay.announced);
    for (const { family, code } of opened.lacking)
      answer.add(AddressErrorCode, { family: familyNumber(family), code, reason: STUN_ERROR_REASONS[code] });
    answer.add(Lifetime, Math.floor(livesMs / 1000));
    if (opened.token) answer.add(ReservationToken, opened.token);
    if (wantsTicket && context.tickets) answer.add(MobilityTicket, context.tickets.issue(allocation));
    answer.add(XorMappedAddress, flow.remote);
  });
}

function open(
  context: TurnContext,
  exchange: ProvenExchange,
  wanted: WantedAllocation,
  expiresAtMs: number,
): Opened | StunErrorCode {
  if (wanted.token) return openReserved(context, exchange, wanted.token, expiresAtMs);
  if (wanted.transport === 'tcp' && !context.tcpRelays) return StunErrorCode.unsupportedTransportProtocol;
  if (wanted.additional) return openBoth(context, wanted.transport, expiresAtMs);
  const { family, evenPort, reserveNext } = wanted;
  if (context.relays.announced(family) === undefined) return StunErrorCode.addressFamilyNotSupported;
  const parity = reserveNext ? 'even-pair' : evenPort ? 'even' : 'any';
  const relay = openRelay(context, family, parity, expiresAtMs, wanted.transport);
  if (!relay) {
    context.counters.met('relay_ports');
    return StunErrorCode.insufficientCapacity;
  }
  if (!reserveNext) return { relays: [relay], lacking: [] };
  const token = reserve(context, { family, port: relay.port + 1 }, exchange.credential.grant.userSlot, exchange.nowMs);
  if (token) return { relays: [relay], lacking: [], token };
  close(context, relay);
  return StunErrorCode.insufficientCapacity;
}

/** Section 7.2: one family is enough for success, and the answer says why the other is not there. */
function openBoth(context: TurnContext, transport: 'udp' | 'tcp', expiresAtMs: number): Opened | StunErrorCode {
  const relays: OpenedRelay[] = [];
  const lacking: { family: IpFamily; code: StunErrorCode }[] = [];
  for (const family of ['IPv4', 'IPv6'] as const) {
    const isKnown = context.relays.announced(family) !== undefined;
    const relay = isKnown ? openRelay(context, family, 'any', expiresAtMs, transport) : undefined;
    if (relay) relays.push(relay);
    else
      lacking.push({
        family,
        code: isKnown ? StunErrorCode.insufficientCapacity : StunErrorCode.addressFamilyNotSupported,
      });
  }
  return relays.length > 0 ? { relays, lacking } : StunErrorCode.insufficientCapacity;
}

function openReserved(
  context: TurnContext,
  { credential }: ProvenExchange,
  token: Uint8Array,
  expiresAtMs: number,
): Opened | StunErrorCode {
  const reserved = context.reservations.take(token, credential.grant.userSlot);
  if (!reserved) return StunErrorCode.insufficientCapacity;
  context.counters.add('reservations', -1);
  const relay = openRelayAt(context, reserved.family, reserved.port, expiresAtMs);
  if (relay) return { relays: [relay], lacking: [] };
  context.ports.release(reserved.port);
  return StunErrorCode.insufficientCapacity;
}

/** Keeps the port above for 30 seconds. Releases it if the table of reservations is full. */
function reserve(context: TurnContext, reserved: ReservedPort, owner: number, nowMs: number): Uint8Array | undefined {
  const { reservations, ports, counters, wheel } = context;
  const token = reservations.hold(reserved, owner);
  if (!token) {
    counters.met('max_reservations');
    ports.release(reserved.port);
    return undefined;
  }
  counters.add('reservations');
  const expire = (): void => {
    const over = reservations.take(token, owner);
    if (!over) return;
    counters.add('reservations', -1);
    ports.release(over.port);
  };
  wheel.add({ expiresAtMs: nowMs + RESERVATION_LIFETIME_MS, expire });
  return token;
}

function close({ ports }: TurnContext, { relay, port }: OpenedRelay): void {
  relay.close();
  ports.release(port);
}

/**
 * RFC 8489 section 10: a client that has nothing here yet is better served where nothing ends soon. A 300 must name a server;
 * where none is known to answer, 508 lets the client try its next one at once, without waiting for one that is gone.
 */
function sendElsewhere({ answers, alternates }: TurnContext, exchange: ProvenExchange): void {
  const alternate = alternates.next(exchange.flow.remote.family);
  if (!alternate) return answers.fail(exchange, StunErrorCode.insufficientCapacity);
  answers.fail(exchange, StunErrorCode.tryAlternate, (answer) => answer.add(AlternateServer, alternate));
}

const familyNumber = (family: IpFamily): number => (family === 'IPv6' ? AddressFamily.ipv6 : AddressFamily.ipv4);
