// The socket as a connection sees it: bytes in, bytes out, back pressure both ways.
import type { Socket } from 'node:net';

export interface ByteSocketHandler {
  /** @param bytes valid during the call only: the memory is read into again */
  onBytes(bytes: Buffer): void;
  /** What was written has been taken by the kernel, after `write` has returned false. */
  onDrained(): void;
  /** The connection is gone. Comes once. @param error why, when it was not closed in order */
  onSocketClosed(error: Error | undefined): void;
}

/** What both kinds of reading share: writing, and the end. */
export abstract class ByteSocket {
  protected readonly socket: Socket;
  #error: Error | undefined;

  protected constructor(socket: Socket, handler: ByteSocketHandler) {
    this.socket = socket;
    socket.on('error', (error) => void (this.#error = error));
    socket.on('drain', () => handler.onDrained());
    socket.on('close', () => handler.onSocketClosed(this.#error));
  }

  /** Stops reading: what comes stays in the kernel until its buffer is full, then the peer has to wait. */
  abstract pause(): void;
  /** Goes on reading. */
  abstract resume(): void;

  /** Says that media comes from now on, or no longer. */
  abstract carryMedia(does: boolean): void;

  /** Bytes that wait for the peer to read them. */
  get unsentBytes(): number {
    return this.socket.writableLength;
  }

  /**
   * @param bytes not to be changed any more
   * @returns whether the kernel has room: otherwise `onDrained` follows
   */
  write(bytes: Uint8Array): boolean {
    return this.socket.writable && this.socket.write(bytes);
  }

  /** Says that nothing more will come from here, once what was written is sent. */
  end(): void {
    if (this.socket.writable) this.socket.end();
  }

  destroy(): void {
    this.socket.destroy();
  }
}
