// A client as the server sees it: RFC 8656 calls it the 5-tuple. One object for each connection, and for each UDP client that
// has an allocation; a UDP client without one has an object for as long as its datagram is looked at.
import type { TransportAddress } from '@millrace/protocol/stun';
import type { Allocation } from './allocation.ts';
import type { ClientTransport } from '../counters.ts';
import type { PeerStream, StreamMeter } from './tcp-relay.ts';

export interface ClientFlow {
  readonly transport: ClientTransport;
  readonly remote: TransportAddress;
  /** Which of the four addresses of NAT discovery the client has sent to; 0 without discovery. */
  readonly origin: number;
  /** What the client has; set by the server. */
  allocation: Allocation | undefined;
  /** The client is gone: nothing more is sent. */
  readonly closed: boolean;

  /** A whole STUN message. */
  send(bytes: Uint8Array): void;
  /** A ChannelData message or Data indication in two parts. `body` is padded to four bytes where the transport needs it. */
  sendParts(head: Uint8Array, body: Uint8Array, padded: boolean): void;
  /** Sends what lies in `memory` from `start` to `end`, see `UdpSocket`. UDP only. */
  forward?(memory: Buffer, start: number, end: number): void;
  /** Sends from another of the four addresses, and to another port of the client when one is given. UDP only. */
  sendFrom?(origin: number, bytes: Uint8Array, port: number | undefined): void;
  /** From now on the connection is one with a peer's (RFC 6062), and is no flow of messages any more. Streams only. */
  join?(peer: PeerStream, meter: StreamMeter): void;
  /** It has an allocation from now on, or has none any more. */
  allocationChanged(): void;
}
