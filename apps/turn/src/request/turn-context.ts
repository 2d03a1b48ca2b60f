// What the handlers of requests work with.
import type { AlternateServers } from '../alternates/alternate-servers.ts';
import type { Allocations } from '../allocation/allocations.ts';
import type { ExpiryWheel } from '../allocation/expiry-wheel.ts';
import type { PortPool } from '../allocation/port-pool.ts';
import type { MobilityTickets } from '../allocation/mobility-tickets.ts';
import type { Reservations } from '../allocation/reservations.ts';
import type { Relay } from '../allocation/relay.ts';
import type { Allocation } from '../allocation/allocation.ts';
import type { CoreSettings } from '../core-settings.ts';
import type { QuotaSlots } from '../limits/quota-slots.ts';
import type { Counters } from '../counters.ts';
import type { PeerPolicy } from '../peers/peer-policy.ts';
import type { PeerConnections } from '../allocation/peer-connections.ts';
import type { UdpRelays } from '../allocation/relay-socket.ts';
import type { PeerStream, TcpRelays } from '../allocation/tcp-relay.ts';
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
  /** For allocations that speak TCP with peers. */
  readonly tcpPolicy: PeerPolicy;
  readonly relays: UdpRelays;
  /** Undefined where TCP relays are off, or where a client's second connection may reach another thread than its first. */
  readonly tcpRelays: TcpRelays | undefined;
  readonly peerConnections: PeerConnections;
  readonly answers: Answers;
  /** Undefined where mobility is off, or where a client that moves may reach another thread. */
  readonly tickets: MobilityTickets | undefined;
  readonly alternates: AlternateServers;
  readonly draining: boolean;
  nowMs(): number;
  /** A datagram of a peer has come to a relay. */
  fromPeer(allocation: Allocation, relay: Relay, bytes: Buffer, address: string, port: number): void;
  /** Likewise, for a datagram where it was received, see `OnArrived`. @returns false for one that is to come as the server's own */
  arrivedFromPeer(
    allocation: Allocation,
    relay: Relay,
    memory: Buffer,
    start: number,
    end: number,
    address: string,
    port: number,
  ): boolean;
  /** A peer has connected to a relay. */
  peerConnected(allocation: Allocation, stream: PeerStream): void;
}
