// The server without sockets: bytes and time in, bytes and words to the outside out. One for each thread.
import { ProtocolError } from '@millrace/protocol/bytes';
import {
  classify,
  decodeHeader,
  decodeMessage,
  FINGERPRINT,
  hasValidFingerprint,
  kindOfFirstByte,
  StunClass,
  StunErrorCode,
  StunMethod,
  TOO_MANY_ATTRIBUTES,
  UnknownAttributes,
} from '@millrace/protocol/stun';
import type { StunMessage, TransportAddress } from '@millrace/protocol/stun';
import { AlternateServers } from './alternates/alternate-servers.ts';
import type { Allocation } from './allocation/allocation.ts';
import { Allocations } from './allocation/allocations.ts';
import { ExpiryWheel } from './allocation/expiry-wheel.ts';
import type { PortPool } from './allocation/port-pool.ts';
import type { Reservations } from './allocation/reservations.ts';
import type { AllocationUsage } from './allocation/upkeep.ts';
import { RequestAuthenticator } from './auth/request-authenticator.ts';
import type { Authentication } from './auth/request-authenticator.ts';
import type { Credentials } from './auth/credentials.ts';
import type { Nonces } from './auth/nonce.ts';
import type { RelayAnswer } from './auth/relay-authorizer.ts';
import type { TurnClock } from './clock.ts';
import type { CoreSettings } from './core-settings.ts';
import type { QuotaSlots } from './limits/quota-slots.ts';
import type { Counters } from './counters.ts';
import type { PeerPolicy } from './peers/peer-policy.ts';
import { relayChannelData } from './relaying/channel-data.ts';
import { relayArrivedPeerData, relayPeerData } from './relaying/peer-data.ts';
import { relaySendIndication } from './relaying/send-indication.ts';
import { allocate } from './request/allocate.ts';
import { Answers } from './request/answers.ts';
import { Binding } from './request/binding.ts';
import type { BindingOptions } from './request/binding.ts';
import { MobilityTickets } from './allocation/mobility-tickets.ts';
import { PeerConnections } from './allocation/peer-connections.ts';
import { connect, peerConnected } from './request/connect.ts';
import { connectionBind } from './request/connection-bind.ts';
import { channelBind } from './request/channel-bind.ts';
import { createPermission } from './request/create-permission.ts';
import type { Exchange, ProvenExchange } from './request/exchange.ts';
import { isKnown } from './request/known-attributes.ts';
import { refresh } from './request/refresh.ts';
import type { TurnContext } from './request/turn-context.ts';
import type { ClientFlow } from './allocation/client-flow.ts';
import type { UdpRelays } from './allocation/relay-socket.ts';
import type { TcpRelays } from './allocation/tcp-relay.ts';

export interface TurnServerOptions {
  readonly settings: CoreSettings;
  readonly clock: TurnClock;
  readonly counters: Counters;
  readonly ports: PortPool;
  readonly reservations: Reservations;
  readonly quotas: QuotaSlots;
  readonly policy: PeerPolicy;
  readonly tcpPolicy: PeerPolicy;
  readonly nonces: Nonces;
  readonly credentials: Credentials;
  readonly relays: UdpRelays;
  readonly tcpRelays: TcpRelays | undefined;
  readonly discovery: BindingOptions['discovery'];
  readonly namePrefix: string;
  readonly onUsage: (usage: AllocationUsage) => void;
  /** Called when a client has sent a request, which may leave something that `tick` is to end. */
  readonly onRequest?: () => void;
}

type Refused = Extract<Authentication, { state: 'refused' }>;
type Unknown = Extract<Authentication, { state: 'unknown' }>;
type Handler = (context: TurnContext, exchange: ProvenExchange) => void;

const HANDLERS: ReadonlyMap<number, Handler> = new Map([
  [StunMethod.allocate, allocate],
  [StunMethod.refresh, refresh],
  [StunMethod.createPermission, createPermission],
  [StunMethod.channelBind, channelBind],
  [StunMethod.connect, connect],
  [StunMethod.connectionBind, connectionBind],
]);

export class TurnServer {
  readonly #options: TurnServerOptions;
  readonly #context: TurnContext & { draining: boolean };
  readonly #answers: Answers;
  readonly #binding: Binding;
  readonly #authenticator: RequestAuthenticator;
  readonly #wheel: ExpiryWheel;
  readonly allocations: Allocations;

  constructor(options: TurnServerOptions) {
    const { settings, clock, counters, nonces, credentials, ports, reservations, quotas, policy, tcpPolicy, relays } =
      options;
    this.#options = options;
    this.#wheel = new ExpiryWheel(clock.nowMs());
    const { realm, usageMs, answerRate: rate, askRate, maxAmplification } = settings;
    this.#answers = new Answers({ realm, nonces, rate, askRate, maxAmplification, counters });
    this.#authenticator = new RequestAuthenticator(realm, nonces, credentials, clock, counters);
    const { discovery, namePrefix, onUsage } = options;
    this.#binding = new Binding({ rate: settings.bindingRate, answers: this.#answers, counters, discovery });
    const wheel = this.#wheel;
    this.allocations = new Allocations({ clock, wheel, ports, quotas, counters, namePrefix, usageMs, onUsage });
    const peerConnections = new PeerConnections(wheel, counters, settings.maxPeerConnections);
    const tickets = settings.mobility ? new MobilityTickets() : undefined;
    this.allocations.onEnded = (allocation) => {
      peerConnections.endAll(allocation);
      tickets?.end(allocation);
    };
    this.#context = {
      settings,
      counters,
      wheel,
      ports,
      reservations,
      quotas,
      policy,
      tcpPolicy,
      relays,
      peerConnections,
      tcpRelays: options.tcpRelays,
      tickets,
      nowMs: () => clock.nowMs(),
      peerConnected: (allocation, stream) => peerConnected(this.#context, allocation, stream),
      answers: this.#answers,
      allocations: this.allocations,
      alternates: new AlternateServers(settings.alternateServers),
      draining: false,
      fromPeer: (allocation, relay, bytes, address, port) =>
        relayPeerData(this.#context, allocation, relay, bytes, { address, port }, clock.nowMs()),
      arrivedFromPeer: (allocation, relay, memory, start, end, address, port) =>
        relayArrivedPeerData(this.#context, allocation, relay, memory, start, end, address, port, clock.nowMs()),
    };
  }

  /** Number of pending timers. */
  get pendingTimers(): number {
    return this.#wheel.size;
  }

  /** One datagram of a client, or one message that was cut out of its stream. The bytes are the server's from now on. */
  receive(flow: ClientFlow, bytes: Buffer): void {
    const nowMs = this.#options.clock.nowMs();
    const { counters, settings } = this.#options;
    switch (classify(bytes, settings.maxChannelNumber)) {
      case 'channel-data':
        return relayChannelData(counters, flow, bytes, 0, bytes.length, nowMs);
      case 'stun':
        this.#options.onRequest?.();
        return this.#message(flow, bytes, nowMs);
      default:
        return counters.dropped('not_stun');
    }
  }

  /** Likewise, for a datagram where it was received. @returns false for those that the server wants as its own */
  arrived(flow: ClientFlow, memory: Buffer, start: number, end: number): boolean {
    const { clock, counters, settings } = this.#options;
    if (start === end || kindOfFirstByte(memory[start]!, settings.maxChannelNumber) !== 'channel-data') return false;
    relayChannelData(counters, flow, memory, start, end, clock.nowMs());
    return true;
  }

  /** The gateway's answer about a user name. */
  answered(username: string, answer: RelayAnswer): void {
    if (!answer.granted && answer.limit !== undefined) this.#options.counters.met(answer.limit);
    this.#options.credentials.answered(username, answer);
  }

  /** What holds for a tenant's users has changed: asks about all who have allocations, and ends those who are refused. */
  recheck(tenantId: string): void {
    const { credentials } = this.#options;
    credentials.forget(tenantId);
    const theirs = [...this.allocations].filter(({ credential }) => credential.grant.tenantId === tenantId);
    for (const allocation of theirs) {
      const username = allocation.proof?.username ?? allocation.credential.username;
      // Where there is no room to wait, it is better to make a client ask again than to let a revoked one go on.
      if (!credentials.wait(username, () => this.#endUnlessGranted(allocation, username)))
        this.allocations.end(allocation);
    }
  }

  /** Ends what a subject has, and refuses it. @returns how many allocations ended */
  revoke(tenantId: string, subject: string): number {
    this.#options.credentials.revoke(tenantId, subject);
    const theirs = [...this.allocations].filter(
      ({ credential }) => credential.grant.tenantId === tenantId && credential.grant.subject === subject,
    );
    for (const allocation of theirs) this.allocations.end(allocation);
    return theirs.length;
  }

  /** A connection is gone, and with it what it had. */
  flowClosed(flow: ClientFlow): void {
    const { allocation } = flow;
    if (!allocation) return;
    if (this.#context.tickets?.has(allocation) !== true) {
      this.allocations.end(allocation);
      return;
    }
    // RFC 8016: the client may be on its way to another network, and will name the allocation by its ticket.
    const untilMs = this.#options.clock.nowMs() + this.#options.settings.moveMs;
    for (const relay of allocation.relays) relay.expiresAtMs = Math.min(relay.expiresAtMs, untilMs);
    this.allocations.refreshed(allocation);
  }

  /** Refuses new allocations from now on; existing ones continue. */
  drain(): void {
    this.#context.draining = true;
    this.#binding.drain();
  }

  /** Where clients are sent then: the servers that answer. */
  useAlternates(servers: readonly TransportAddress[]): void {
    this.#context.alternates.replace(servers);
  }

  /** Whether there is anything that `tick` may end. */
  get hasTimers(): boolean {
    return this.#wheel.size + this.#answers.remembered > 0 || this.#options.credentials.hasTimers;
  }

  /** To be called about twice a second while there are timers. */
  tick(): void {
    const nowMs = this.#options.clock.nowMs();
    this.#wheel.tick(nowMs);
    this.#answers.tick(nowMs);
    this.#options.credentials.tick();
  }

  /** Ends everything. */
  close(): void {
    for (const allocation of [...this.allocations]) this.allocations.end(allocation);
  }

  /** While no gateway answers, an allocation goes on, as it does when an answer grows old. */
  #endUnlessGranted(allocation: Allocation, username: string): void {
    const known = this.#options.credentials.look(username);
    const key = allocation.proof?.key;
    const isGranted = known.state === 'granted' && key !== undefined && known.credential.makes(key);
    if (!isGranted && known.state !== 'unavailable') this.allocations.end(allocation);
  }

  #message(flow: ClientFlow, bytes: Buffer, nowMs: number): void {
    const { counters } = this.#options;
    try {
      const message = decodeMessage(bytes);
      if (message.class === StunClass.indication) return this.#indication(flow, message, nowMs);
      // Responses are for clients; RFC 8489 section 6.3.3 has those of no transaction dropped.
      if (message.class !== StunClass.request) return counters.dropped('unknown_method');
      if (message.has({ type: FINGERPRINT }) && !hasValidFingerprint(message))
        return counters.dropped('wrong_fingerprint');
      this.#request({ flow, request: message, nowMs });
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      counters.dropped('malformed');
      if (error.code === TOO_MANY_ATTRIBUTES) this.#tooManyAttributes(flow, decodeHeader(bytes), nowMs);
    }
  }

  /** Its proof was not looked for: it is answered as a sender that has none. */
  #tooManyAttributes(flow: ClientFlow, request: StunMessage, nowMs: number): void {
    const isKnownMethod = request.method === StunMethod.binding || HANDLERS.has(request.method);
    if (request.class === StunClass.request && isKnownMethod)
      this.#answers.failUnproven({ flow, request, nowMs }, StunErrorCode.badRequest, false);
  }

  #indication(flow: ClientFlow, message: StunMessage, nowMs: number): void {
    if (message.method === StunMethod.send) relaySendIndication(this.#context, flow, message, nowMs);
    // RFC 8489 section 6.3.2: a Binding indication keeps a NAT's mapping alive, and is done with.
    else if (message.method !== StunMethod.binding) this.#options.counters.dropped('unknown_method');
  }

  #request(exchange: Exchange): void {
    const { request } = exchange;
    if (request.method === StunMethod.binding) return this.#binding.answer(exchange);
    const handler = HANDLERS.get(request.method);
    // Section 6.3: a method that is not known is no reason to answer.
    if (!handler) return this.#options.counters.dropped('unknown_method');
    if (this.#answers.repeat(exchange)) return;
    const checked = this.#authenticator.check(exchange);
    switch (checked.state) {
      case 'proven':
        return this.#handle(handler, { ...exchange, credential: checked.credential, proven: checked.proven });
      case 'unknown':
        if (checked.isAsked || this.#answers.mayAsk(exchange)) this.#wait(checked, exchange);
        return;
      default:
        return this.#refuse(exchange, checked);
    }
  }

  #handle(handler: Handler, exchange: ProvenExchange): void {
    const unknown = exchange.request.unknownRequired(isKnown);
    if (unknown.length > 0)
      return this.#answers.fail(exchange, StunErrorCode.unknownAttribute, (answer) =>
        answer.add(UnknownAttributes, unknown),
      );
    try {
      handler(this.#context, exchange);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#answers.fail(exchange, StunErrorCode.badRequest);
    }
  }

  #refuse(exchange: Exchange, { code, provesAddress }: Refused): void {
    if (code === StunErrorCode.unauthenticated || code === StunErrorCode.staleNonce)
      this.#answers.challenge(exchange, code, provesAddress);
    else this.#answers.failUnproven(exchange, code, provesAddress);
  }

  /** Looks at the request again once the user name is known. */
  #wait({ username, isAsked }: Unknown, exchange: Exchange): void {
    const { credentials, counters, clock } = this.#options;
    const { flow, request } = exchange;
    const bytes = Buffer.from(request.bytes);
    const again = (): void => {
      // While no gateway answers, names cannot be told apart: none is held against its address.
      const { state } = credentials.look(username);
      if (!isAsked && (state === 'granted' || state === 'unavailable')) this.#answers.askedRightly(exchange);
      if (!flow.closed) this.#message(flow, bytes, clock.nowMs());
    };
    if (!credentials.wait(username, again)) counters.met('max_waiting');
  }
}
