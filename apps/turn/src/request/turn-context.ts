// What the handlers of requests work with.
import type { Allocations } from '../allocation/allocations.ts';
import type { ExpiryWheel } from '../allocation/expiry-wheel.ts';
import type { PortPool } from '../allocation/port-pool.ts';
import type { Reservations } from '../allocation/reservations.ts';
import type { Relay } from '../allocation/relay.ts';
import type { Allocation } from '../allocation/allocation.ts';
import type { CoreSettings } from '../core-settings.ts';
import type { QuotaSlots } from '../limits/quota-slots.ts';
import type { Counters } from '../metrics/counters.ts';
import type { PeerPolicy } from '../peers/peer-policy.ts';
import type { UdpRelays } from '../transport/relay-socket.ts';
import type { Answers } from './answers.ts';

export interface TurnContext {
  readonly settings: CoreSettings;
  readonly counters: Counters;
  readonly wheel: ExpiryWheel;
  readonly allocations: Allocations;
  readonly ports: PortPool;
  readonly reservations: Reservations;
  readonly quotas: QuotaSlots;
  readonly policy: PeerPolicy;
  readonly relays: UdpRelays;
  readonly answers: Answers;
  readonly draining: boolean;
  /** A datagram of a peer has come to a relay. */
  fromPeer(allocation: Allocation, relay: Relay, bytes: Buffer, address: string, port: number): void;
}
