// Reading into one buffer for the whole process, past the stream machinery: a third of the cost of a read.
import { Socket } from 'node:net';
import type { Server, SocketConstructorOpts } from 'node:net';
import type { PacedSocket, ReadPacer } from './read-pacer.ts';
import { ByteSocket } from './byte-socket.ts';
import type { ByteSocketHandler } from './byte-socket.ts';

/** One read takes at most this much. */
const READ_BUFFER_BYTES = 256 * 1024;
/** Shared: a callee has copied what it keeps before it returns. */
export const readBuffer = Buffer.allocUnsafeSlow(READ_BUFFER_BYTES);

/** What Node.js keeps in an accepted socket. Not part of its documented interface: looked for, never relied on. */
interface SocketInternals {
  _handle?: { useUserBuffer?: unknown; readonly fd?: number } | null;
  _server?: Server | null;
}

export class DirectSocket extends ByteSocket implements PacedSocket {
  readonly #handler: ByteSocketHandler;
  readonly #pacer: ReadPacer;
  /** Whether the owner of the connection wants no bytes; being read in passes is another matter. */
  #paused = false;
  #carriesMedia = false;

  private constructor(socket: Socket, handler: ByteSocketHandler, pacer: ReadPacer) {
    super(socket, handler);
    this.#handler = handler;
    this.#pacer = pacer;
    socket.once('close', () => this.carryMedia(false));
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
          return opened.socket === undefined || opened.socket.#isReadByEvents;
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

  /** Asked after a read by an event. */
  get #isReadByEvents(): boolean {
    return this.#paused || !this.#carriesMedia || !this.#pacer.take(this);
  }

  get fd(): number {
    return (this.socket as SocketInternals)._handle?.fd ?? -1;
  }

  onBytes(bytes: Buffer): void {
    this.#handler.onBytes(bytes);
  }

  pause(): void {
    this.#paused = true;
    this.#pacer.leave(this);
    this.socket.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#pacer.leave(this);
    this.socket.resume();
  }

  carryMedia(does: boolean): void {
    if (does === this.#carriesMedia) return;
    this.#carriesMedia = does;
    if (does) return this.#pacer.add();
    this.#pacer.remove(this);
    this.resumeReading();
  }

  resumeReading(): void {
    if (!this.#paused && !this.socket.destroyed) this.socket.resume();
  }
}
