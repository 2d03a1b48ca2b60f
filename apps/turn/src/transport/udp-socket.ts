// The socket layer, small so that one which sends and receives many datagrams in a system call can be put under the server.
import type { IpFamily } from '../peers/ip-address.ts';

/** The bytes are the receiver's. */
export type OnDatagram = (bytes: Buffer, address: string, port: number) => void;

/** So many bytes before a datagram that is handed on in place may be written by its receiver. */
export const HEADROOM_BYTES = 64;
/** And so many behind it. */
export const TAILROOM_BYTES = 4;

/**
 * A datagram in the memory that it was received in, from `start` to `end`, with room around it. All of that is the receiver's during
 * the call only, in which `forward` of any socket may be given a part of that memory.
 *
 * @returns whether that was all: else `OnDatagram` is called with the same
 */
export type OnArrived = (memory: Buffer, start: number, end: number, address: string, port: number) => boolean;

export interface UdpSocketOptions {
  readonly family: IpFamily;
  readonly address: string;
  /** 0 for any. */
  readonly port: number;
  /** Several sockets share the port, and the system spreads clients over them. */
  readonly shared: boolean;
  /** What the system may keep for us; 0 leaves it as it is. */
  readonly bufferBytes: number;
  /** What may wait beyond what the system takes at once; without it as much as is sent. */
  readonly unsent?: UnsentBound;
}

export interface UnsentBound {
  readonly maxBytes: number;
  /** Called for each datagram that there was no room for. */
  readonly onDropped: () => void;
}

export interface UdpSocket {
  readonly port: number;
  /** Sends or drops, as far as the socket's owner is concerned. `bytes` may not be changed afterwards. */
  send(bytes: Uint8Array, port: number, address: string): void;
  /** Likewise, for a part of a larger memory: of the receiver's own bytes, or of what `OnArrived` is called with. */
  forward(memory: Buffer, start: number, end: number, port: number, address: string): void;
  /** Whether it can send datagrams that may not be cut up on their way. */
  canSendWhole(): boolean;
  /** Likewise `send`, for such a datagram: one that is too large for the path is dropped. */
  sendWhole(bytes: Uint8Array, port: number, address: string): void;
  /** One datagram in several parts. */
  sendParts(parts: readonly Uint8Array[], port: number, address: string): void;
  close(): void;
}

/**
 * Opens a socket at once.
 *
 * @param onArrived for sockets that can hand datagrams on in place
 * @throws an error with the `code` of the system
 */
export type OpenUdpSocket = (options: UdpSocketOptions, onDatagram: OnDatagram, onArrived?: OnArrived) => UdpSocket;
