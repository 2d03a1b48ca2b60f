// Reading into one buffer for the whole process, past the stream machinery: a third of the cost of a read.
import { Socket } from 'node:net';
import type { Server, SocketConstructorOpts } from 'node:net';
import type { Pausable, ReadPacer } from './read-pacer.ts';
import { ByteSocket } from './byte-socket.ts';
import type { ByteSocketHandler } from './byte-socket.ts';

/** One read takes at most this much. */
const READ_BUFFER_BYTES = 256 * 1024;
/** Shared: a callee has copied what it keeps before it returns. */
const readBuffer = Buffer.allocUnsafeSlow(READ_BUFFER_BYTES);

/** What Node.js keeps in an accepted socket. Not part of its documented interface: looked for, never relied on. */
interface SocketInternals {
  _handle?: { useUserBuffer?: unknown } | null;
  _server?: Server | null;
}

export class DirectSocket extends ByteSocket implements Pausable {
  /** Whether the owner of the connection wants no bytes; a rest between reads is another matter. */
  #paused = false;

  private constructor(socket: Socket, handler: ByteSocketHandler, pacer: ReadPacer) {
    super(socket, handler);
    pacer.opened();
    socket.once('close', () => pacer.closed());
  }

  /**
   * Takes over a socket that a server has accepted with `pauseOnConnect`. The documented option `onread` exists for outgoing
   * sockets only, so the system handle moves into a new socket that has it.
   *
   * @returns undefined, with nothing changed, where this Node.js does not allow that
   */
  static open(accepted: Socket, handler: ByteSocketHandler, pacer: ReadPacer): DirectSocket | undefined {
    const internals = accepted as SocketInternals;
    const handle = internals._handle;
    if (typeof handle?.useUserBuffer !== 'function') return undefined;
    const opened: { socket?: DirectSocket } = {};
    const options = {
      handle,
      onread: {
        buffer: readBuffer,
        callback: (count: number) => {
          handler.onBytes(readBuffer.subarray(0, count));
          // False stops the reading, at less than the price of `pause`.
          return opened.socket === undefined || opened.socket.#paused || !pacer.rest(opened.socket);
        },
      },
    };
    const socket: Socket & SocketInternals = new Socket(options as unknown as SocketConstructorOpts);
    socket._server = internals._server;
    internals._server = null;
    internals._handle = null;
    opened.socket = new DirectSocket(socket, handler, pacer);
    return opened.socket;
  }

  pause(): void {
    this.#paused = true;
    this.socket.pause();
  }

  resume(): void {
    this.#paused = false;
    this.socket.resume();
  }

  resumeReading(): void {
    if (!this.#paused && !this.socket.destroyed) this.socket.resume();
  }
}
