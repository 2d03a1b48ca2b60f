// With many publishers, a wake-up for each message costs more than the message: all are read in passes, a few milliseconds apart.
import type { SocketCalls } from './socket-calls.ts';

/** What is read in passes: a socket whose reading by events has stopped. */
export interface PacedSocket {
  /** Its descriptor, as long as it is open; negative then. */
  readonly fd: number;
  /** Takes what was read. */
  onBytes(bytes: Buffer): void;
  /** Reads by events again. */
  resumeReading(): void;
}

/** After so many passes that found nothing, sockets are read by events again: an edge without media is not woken. */
const EMPTY_PASSES = 20;

/**
 * An encoder sends a message at a time. Reading by events wakes the process for each of them, and one wake-up costs several times what the
 * message does. So, once many sockets carry media, one that was read by an event is read in passes from then on: every few milliseconds the system is
 * asked of all of them in one call, and those that have something are read. That delays frames by at most one interval; with few
 * there are no passes and no delay. One timer for all; none while there are no passes.
 *
 * A socket that has anything else than bytes (its end, an error) is left to the runtime again, which tells of it in its own way.
 */
export class ReadPacer {
  readonly #intervalMs: number;
  readonly #fromSockets: number;
  readonly #calls: SocketCalls | undefined;
  readonly #paced = new Set<PacedSocket>();
  /** Those that the system is asked of, in its order; undefined when `#paced` has changed since. */
  #asked: { readonly socket: PacedSocket; readonly fd: number }[] | undefined;
  #sockets = 0;
  #timer: NodeJS.Timeout | undefined;
  #emptyPasses = 0;

  /**
   * @param intervalMs 0 for no passes
   * @param fromSockets with fewer sockets that carry media there are none
   * @param calls undefined where the system has none: then there are none either
   */
  constructor(intervalMs: number, fromSockets: number, calls: SocketCalls | undefined) {
    this.#intervalMs = intervalMs;
    this.#fromSockets = fromSockets;
    this.#calls = calls;
  }

  /** There is one more socket with media. */
  add(): void {
    this.#sockets++;
  }

  /** A socket that was added carries media no longer, or is gone. It is not read in passes any more. */
  remove(socket: PacedSocket): void {
    this.#sockets--;
    this.leave(socket);
    if (this.#sockets < this.#fromSockets) this.#stop();
  }

  /** After a read by an event. @returns whether the socket is to stop reading by events: it is read in passes from now on */
  take(socket: PacedSocket): boolean {
    if (this.#calls === undefined || this.#intervalMs === 0 || this.#sockets < this.#fromSockets) return false;
    this.#paced.add(socket);
    this.#asked = undefined;
    if (this.#timer === undefined) {
      this.#emptyPasses = 0;
      this.#timer = setInterval(() => this.#pass(), this.#intervalMs);
    }
    return true;
  }

  /** The socket is not read in passes any more. */
  leave(socket: PacedSocket): void {
    if (!this.#paced.delete(socket)) return;
    this.#asked = undefined;
    if (this.#paced.size === 0) this.#stop();
  }

  #pass(): void {
    const calls = this.#calls;
    if (calls === undefined) return;
    const asked = (this.#asked ??= this.#watch(calls));
    if (!calls.ask()) {
      if (++this.#emptyPasses >= EMPTY_PASSES) this.#stop();
      return;
    }
    this.#emptyPasses = 0;
    for (let index = 0; index < asked.length; index++) {
      const answer = calls.answer(index);
      if (answer === 'nothing') continue;
      const { socket, fd } = asked[index]!;
      // What was read before it may have closed it, and another may have its descriptor by now.
      if (!this.#paced.has(socket) || socket.fd !== fd) continue;
      const count = answer === 'bytes' ? calls.receive(fd) : 0;
      if (count > 0) socket.onBytes(calls.buffer.subarray(0, count));
      else this.#release(socket);
    }
  }

  #watch(calls: SocketCalls): { readonly socket: PacedSocket; readonly fd: number }[] {
    const asked = [...this.#paced].map((socket) => ({ socket, fd: socket.fd }));
    calls.watch(asked.map(({ fd }) => fd));
    return asked;
  }

  #release(socket: PacedSocket): void {
    this.leave(socket);
    socket.resumeReading();
  }

  /** All sockets are read by events again. */
  #stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#asked = undefined;
    const paced = [...this.#paced];
    this.#paced.clear();
    for (const socket of paced) socket.resumeReading();
  }
}
