// The other side of an allocation: what peers see.
import type { TransportAddress } from '@millrace/protocol/stun';

/** Called for each datagram of a peer. The bytes are the receiver's. */
export type OnPeerDatagram = (bytes: Buffer, address: string, port: number) => void;

export interface RelaySocket {
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
  /** @returns undefined when the port is in use */
  open(family: TransportAddress['family'], port: number, onDatagram: OnPeerDatagram): RelaySocket | undefined;
}
