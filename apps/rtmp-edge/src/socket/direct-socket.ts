// Reading into one buffer for the whole process, past the stream machinery: a third of the cost of a read.
import { Socket } from 'node:net';
import type { Server, SocketConstructorOpts } from 'node:net';
import { ByteSocket } from './byte-socket.ts';
import type { ByteSocketHandler } from './byte-socket.ts';
import type { LowWaterMarks, MarkedSocket } from './low-water-marks.ts';
import type { PacedSocket, ReadPacer } from './read-pacer.ts';

/** One read takes at most this much. */
const READ_BUFFER_BYTES = 256 * 1024;
/** Shared: a callee has copied what it keeps before it returns. */
export const readBuffer = Buffer.allocUnsafeSlow(READ_BUFFER_BYTES);

/** What Node.js keeps in an accepted socket. Not part of its documented interface: looked for, never relied on. */
interface SocketInternals {
  _handle?: { useUserBuffer?: unknown; readonly fd?: number } | null;
  _server?: Server | null;
}

/** How all sockets that carry media are read. */
export class MediaReading {
  readonly pacer: ReadPacer;
  readonly marks: LowWaterMarks;

  constructor(pacer: ReadPacer, marks: LowWaterMarks) {
    this.pacer = pacer;
    this.marks = marks;
  }
}

export class DirectSocket extends ByteSocket implements PacedSocket, MarkedSocket {
  readBytes = 0;
  readonly #handler: ByteSocketHandler;
  readonly #reading: MediaReading;
  /** Whether the owner of the connection wants no bytes; being read in passes is another matter. */
  #paused = false;
  #carriesMedia = false;

  private constructor(socket: Socket, handler: ByteSocketHandler, reading: MediaReading) {
    super(socket, handler);
    this.#handler = handler;
    this.#reading = reading;
    socket.once('close', () => this.carryMedia(false));
  }

  /**
   * Takes over a socket that a server has accepted with `pauseOnConnect`. The documented option `onread` exists for outgoing
   * sockets only, so the system handle moves into a new socket that has it.
   *
   * @returns undefined, with nothing changed, where this Node.js does not allow that
   */
  static open(accepted: Socket, handler: ByteSocketHandler, reading: MediaReading): DirectSocket | undefined {
    const internals = accepted as SocketInternals;
    const handle = internals._handle;
    if (typeof handle?.useUserBuffer !== 'function') return undefined;
    const opened: { socket?: DirectSocket } = {};
    const options = {
      handle,
      onread: {
        buffer: readBuffer,
        callback: (count: number) => {
          const { socket } = opened;
          if (socket === undefined) handler.onBytes(readBuffer.subarray(0, count));
          else socket.onBytes(readBuffer.subarray(0, count));
          // False stops the reading, at less than the price of `pause`.
          return socket === undefined || socket.#isReadByEvents;
        },
      },
    };
    const socket: Socket & SocketInternals = new Socket(options as unknown as SocketConstructorOpts);
    socket._server = internals._server;
    internals._server = null;
    internals._handle = null;
    opened.socket = new DirectSocket(socket, handler, reading);
    return opened.socket;
  }

  /** Asked after a read by an event. */
  get #isReadByEvents(): boolean {
    return this.#paused || !this.#carriesMedia || !this.#reading.pacer.take(this);
  }

  get fd(): number {
    return (this.socket as SocketInternals)._handle?.fd ?? -1;
  }

  get takesBytes(): boolean {
    return !this.#paused;
  }

  onBytes(bytes: Buffer): void {
    this.readBytes += bytes.length;
    this.#handler.onBytes(bytes);
  }

  pause(): void {
    this.#paused = true;
    this.#reading.pacer.leave(this);
    this.socket.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#reading.pacer.leave(this);
    this.socket.resume();
  }

  carryMedia(does: boolean): void {
    if (does === this.#carriesMedia) return;
    this.#carriesMedia = does;
    const { pacer, marks } = this.#reading;
    if (does) {
      pacer.add();
      marks.add(this);
      return;
    }
    marks.remove(this);
    pacer.remove(this);
    this.resumeReading();
  }

  resumeReading(): void {
    if (!this.#paused && !this.socket.destroyed) this.socket.resume();
  }
}
