// How many bytes a connection has really sent, in place of how many it was given.
import type { Socket } from 'node:net';

/** What Node.js waits to hand over to the kernel: `net.Socket` uses it itself to tell a slow connection from a dead one. */
interface WithHandle {
  readonly _handle?: { readonly writeQueueSize?: number } | null;
}

/** Bytes that were written in one go and that the kernel has not accepted yet. */
export const unsentBytes = (socket: Socket): number =>
  (socket as WithHandle)._handle?.writeQueueSize ?? socket.writableLength;

/** The bytes of a connection that belongs to one viewer. */
export class SocketBytes {
  readonly #socket: Socket | null;
  readonly #before: number;
  #sent = 0;

  /** @param socket null when the connection is gone already */
  constructor(socket: Socket | null) {
    this.#socket = socket;
    this.#before = socket?.bytesWritten ?? 0;
  }

  /** What waits is not sent: it may never be. */
  get sent(): number {
    const socket = this.#socket;
    if (socket !== null) this.#sent = Math.max(this.#sent, socket.bytesWritten - socket.writableLength - this.#before);
    return this.#sent;
  }
}
