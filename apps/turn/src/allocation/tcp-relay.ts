// RFC 6062: relayed addresses that speak TCP with peers.
import type { IpFamily } from '../peers/ip-address.ts';
import type { RelayHandle } from './relay.ts';

/** A connection to or from a peer; nothing of it is read before a client is joined to it. */
export interface PeerStream {
  readonly address: string;
  readonly port: number;
  /** Runs once, when either side is gone. */
  onClosed: () => void;
  close(): void;
}

export interface TcpRelay extends RelayHandle {
  /** Connects from the relayed address. The connection, or undefined when there is none within the time. */
  connect(address: string, port: number, timeoutMs: number, done: (stream: PeerStream | undefined) => void): void;
}

export interface TcpRelays {
  /** @returns undefined when the port is in use */
  openTcp(family: IpFamily, port: number, onPeer: (stream: PeerStream) => void): TcpRelay | undefined;
}

/** How many bytes are passed on at once: a limit of bandwidth is kept in steps of this. */
export const SPLICE_STEP_BYTES = 4_096;

/** Counts bytes that go each way. Says false when they have to wait. */
export interface StreamMeter {
  toPeer(bytes: number): boolean;
  toClient(bytes: number): boolean;
}
