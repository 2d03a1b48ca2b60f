// What a thread counts, in plain numbers that the metrics are made of at each scrape. The memory is shared: the thread that serves the
// scrape reads it without a message.
import { STUN_ERROR_REASONS } from '@millrace/protocol/stun';

export const DROP_REASONS = [
  'not_stun',
  'malformed',
  'wrong_fingerprint',
  'unknown_attributes',
  'unknown_method',
  'no_allocation',
  'no_channel',
  'no_permission',
  'denied_peer',
  'no_socket',
  'slow_client',
] as const;
export type DatagramDropReason = (typeof DROP_REASONS)[number];

/** Limits that were met, by the name of their setting without `MILLRACE_TURN_`, or of the tenant's quota. */
export const MET_LIMITS = [
  'allocations_per_tenant',
  'allocations_per_user',
  'bits_per_second_per_tenant',
  'bits_per_second_per_allocation',
  'max_allocations',
  'max_permissions',
  'max_channels',
  'max_reservations',
  'relay_ports',
  'max_connections',
  'max_connections_per_address',
  'max_peer_connections',
  'max_unsent_bytes',
  'max_unsent_ms',
  'max_waiting',
  'max_users_per_tenant',
  'answers_per_second',
  'asks_per_second',
  'bindings_per_second',
  'amplification',
  'draining',
] as const;
export type MetLimit = (typeof MET_LIMITS)[number];

/** Why a request with credentials was refused: a first request without any is no failure. */
export const AUTH_FAILURES = ['expired', 'refused', 'unavailable', 'wrong_password'] as const;
export type AuthFailure = (typeof AUTH_FAILURES)[number];

export const METHODS = [
  'binding',
  'allocate',
  'refresh',
  'create_permission',
  'channel_bind',
  'connect',
  'connection_bind',
  'other',
] as const;
export type MethodName = (typeof METHODS)[number];

export const TRANSPORTS = ['udp', 'tcp', 'tls'] as const;
export type ClientTransport = (typeof TRANSPORTS)[number];

/** Each outcome of a request: the error code, or success. */
export const OUTCOMES: readonly number[] = [0, ...Object.keys(STUN_ERROR_REASONS).map(Number)];

const SIMPLE = ['sentBytes', 'sentPackets', 'receivedBytes', 'receivedPackets', 'retransmissions', 'asked'] as const;
/** These go up and down. */
const GAUGES = ['allocations', 'permissions', 'channels', 'reservations', 'peerConnections', 'waiting'] as const;
export type SimpleCounter = (typeof SIMPLE)[number];
export type CounterGauge = (typeof GAUGES)[number];

const keys: readonly string[] = [
  ...SIMPLE,
  ...GAUGES,
  ...DROP_REASONS.map((reason) => `dropped.${reason}`),
  ...MET_LIMITS.map((limit) => `met.${limit}`),
  ...AUTH_FAILURES.map((reason) => `auth.${reason}`),
  ...TRANSPORTS.map((transport) => `connections.${transport}`),
  ...METHODS.flatMap((method) => OUTCOMES.map((code) => `answer.${method}.${code}`)),
];
const PLACES = new Map(keys.map((key, i) => [key, i]));
const SENT_BYTES = PLACES.get('sentBytes')!;
const SENT_PACKETS = PLACES.get('sentPackets')!;
const RECEIVED_BYTES = PLACES.get('receivedBytes')!;
const RECEIVED_PACKETS = PLACES.get('receivedPackets')!;

export class Counters {
  /** For the thread that serves the metrics. */
  readonly memory: SharedArrayBuffer;
  readonly #values: Float64Array;

  constructor(memory = new SharedArrayBuffer(keys.length * Float64Array.BYTES_PER_ELEMENT)) {
    this.memory = memory;
    this.#values = new Float64Array(memory);
  }

  add(counter: SimpleCounter | CounterGauge, count = 1): void {
    this.#add(counter, count);
  }

  /** A packet from a client to a peer. */
  sent(bytes: number): void {
    this.#values[SENT_BYTES]! += bytes;
    this.#values[SENT_PACKETS]! += 1;
  }

  /** A packet from a peer to a client. */
  received(bytes: number): void {
    this.#values[RECEIVED_BYTES]! += bytes;
    this.#values[RECEIVED_PACKETS]! += 1;
  }

  dropped(reason: DatagramDropReason): void {
    this.#add(`dropped.${reason}`, 1);
  }

  met(limit: MetLimit): void {
    this.#add(`met.${limit}`, 1);
  }

  authFailed(reason: AuthFailure): void {
    this.#add(`auth.${reason}`, 1);
  }

  answered(method: MethodName, code: number): void {
    this.#add(`answer.${method}.${code}`, 1);
  }

  connections(transport: ClientTransport, change: 1 | -1): void {
    this.#add(`connections.${transport}`, change);
  }

  read(
    key:
      | SimpleCounter
      | CounterGauge
      | `dropped.${DatagramDropReason}`
      | `met.${MetLimit}`
      | `auth.${AuthFailure}`
      | `connections.${ClientTransport}`,
  ): number;
  read(key: `answer.${MethodName}.${number}`): number;
  read(key: string): number {
    return this.#values[PLACES.get(key) ?? -1] ?? 0;
  }

  #add(key: string, count: number): void {
    const place = PLACES.get(key);
    if (place === undefined) throw new Error(`no counter is called ${key}`);
    this.#values[place]! += count;
  }
}
