// The other side of an allocation: what peers see.
import type { TransportAddress } from '@millrace/protocol/stun';

/** Called for each datagram of a peer. The bytes are the receiver's. */
export type OnPeerDatagram = (bytes: Buffer, address: string, port: number) => void;

/** See `OnArrived`: a datagram of a peer where it was received. */
export type OnPeerArrived = (memory: Buffer, start: number, end: number, address: string, port: number) => boolean;

export interface RelaySocket {
  /** Sends a part of larger memory: of the sender's own bytes, or of what was received in place. */
  forward(memory: Buffer, start: number, end: number, address: string, port: number): void;
  send(bytes: Uint8Array, address: string, port: number): void;
  /** RFC 8656 section 14.10: whether `sendWhole` can be kept to here. */
  canSendWhole(): boolean;
  /** Sends what may not be cut up on its way. */
  sendWhole(bytes: Uint8Array, address: string, port: number): void;
  close(): void;
}

export interface UdpRelays {
  /** The address that relays of this family are announced by; undefined when there are none. */
  announced(family: TransportAddress['family']): string | undefined;
  /**
   * @param onArrived for relays that can hand datagrams on in place
   * @returns undefined when the port is in use
   */
  open(
    family: TransportAddress['family'],
    port: number,
    onDatagram: OnPeerDatagram,
    onArrived?: OnPeerArrived,
  ): RelaySocket | undefined;
}
