// The server without sockets, in a test's hands: its clock, its relays, its gateway, and clients that talk to it.
import { Counters } from '../counters.ts';
import { PortPool } from '../allocation/port-pool.ts';
import { Reservations } from '../allocation/reservations.ts';
import type { AllocationUsage } from '../allocation/upkeep.ts';
import { Credentials } from '../auth/credentials.ts';
import { Nonces } from '../auth/nonce.ts';
import { coreSettings, credentialSettings } from '../core-of-settings.ts';
import { QuotaRegistry } from '../limits/quota-registry.ts';
import { QuotaSlots } from '../limits/quota-slots.ts';
import { cidr } from '../peers/cidr.ts';
import { PeerPolicy } from '../peers/peer-policy.ts';
import type { BindingOptions } from '../request/binding.ts';
import { turnSettings } from '../settings.ts';
import type { TurnSettings } from '../settings.ts';
import { TurnServer } from '../turn-server.ts';
import { MemoryRelays } from './memory-relays.ts';
import { TestClock } from './test-clock.ts';
import { TestFlow } from './test-flow.ts';
import { TestRelayControl } from './test-relay-control.ts';
import type { TestUser } from './test-relay-control.ts';

export interface TestServerOptions {
  readonly settings?: Partial<TurnSettings>;
  readonly discovery?: BindingOptions['discovery'];
  /** The gateway's answers are given by the test, with `answer`. */
  readonly manual?: boolean;
  /** Datagrams are relayed where they were received, as by sockets that are read in passes. */
  readonly isInPlace?: boolean;
}

export class TestServer {
  readonly clock = new TestClock();
  readonly counters = new Counters();
  readonly relays = new MemoryRelays();
  readonly control = new TestRelayControl();
  readonly usage: AllocationUsage[] = [];
  readonly ports: PortPool;
  readonly quotas = new QuotaSlots();
  readonly credentials: Credentials;
  readonly server: TurnServer;
  readonly #registry: QuotaRegistry;
  #clients = 0;

  constructor({ settings: overrides, discovery = {}, manual = false, isInPlace = false }: TestServerOptions = {}) {
    const settings = {
      ...turnSettings.parse({}),
      turnRelayPortMin: 50_000,
      turnRelayPortMax: 50_999,
      ...overrides,
    };
    const { clock, counters, relays, quotas } = this;
    relays.isInPlace = isInPlace;
    this.ports = new PortPool(settings.turnRelayPortMin, settings.turnRelayPortMax);
    this.#registry = new QuotaRegistry({ slots: quotas, keepMs: 60_000, maxUsersPerTenant: Infinity });
    const ask = (username: string): void => {
      if (!manual) this.answer(username);
    };
    this.credentials = new Credentials(credentialSettings(settings), clock, counters, ask);
    const policy = new PeerPolicy({
      allowed: [cidr('10.0.0.0/8'), cidr('fd00::/64')],
      denied: [],
      own: [cidr('8.8.4.4')],
      announced: [cidr('8.8.4.4')],
      ownPorts: [3478],
      ownPeerPorts: [],
      relayPorts: { first: settings.turnRelayPortMin, last: settings.turnRelayPortMax },
    });
    this.server = new TurnServer({
      clock,
      counters,
      relays,
      quotas,
      ports: this.ports,
      credentials: this.credentials,
      discovery,
      settings: coreSettings(settings),
      reservations: new Reservations(),
      policy,
      tcpPolicy: policy,
      nonces: new Nonces(Buffer.alloc(32, 7), settings.turnNonceMs),
      tcpRelays: undefined,
      namePrefix: '0-',
      onUsage: (usage) => this.usage.push(usage),
    });
  }

  user(subject?: string, options: { tenantId?: string; ttlS?: number } = {}): TestUser {
    return this.control.user(subject, { ...options, nowMs: this.clock.wallMs() });
  }

  /** A new client, at an address of its own. */
  client(user: TestUser = this.user(), transport: 'udp' | 'tcp' = 'udp', address = '198.51.100.1'): TestFlow {
    return new TestFlow(
      this.server,
      user,
      { address, port: 40_000 + this.#clients++, transport },
      this.relays.isInPlace,
    );
  }

  /** The gateway says what it knows of this name. */
  answer(username: string): void {
    const answer = this.control.answer(username);
    if (!answer.granted) return this.server.answered(username, answer);
    const { tenantId, subject } = answer;
    const nowMs = this.clock.nowMs();
    const tenantSlot = this.#registry.tenantSlot(tenantId, nowMs)!;
    const userSlot = this.#registry.userSlot(tenantId, subject, nowMs)!;
    this.server.answered(username, { granted: true, grant: { ...answer, tenantSlot, userSlot } });
  }

  /** Lets time pass as the timer of a thread would see it. */
  pass(ms: number): void {
    const STEP_MS = 500;
    for (let left = ms; left > 0; left -= STEP_MS) {
      this.clock.advance(Math.min(STEP_MS, left));
      this.server.tick();
    }
  }
}
