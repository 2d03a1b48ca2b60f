// An encoder sends sound in messages of a few hundred bytes, each of which would wake the process: they wait for the next picture.
import type { SocketCalls } from './socket-calls.ts';

/** What may have a mark: a socket that carries media. */
export interface MarkedSocket {
  /** Its descriptor, as long as it is open; negative then. */
  readonly fd: number;
  /** Bytes that it has read so far. */
  readonly readBytes: number;
  /** Whether its owner takes bytes now. */
  readonly takesBytes: boolean;
  /** Takes what was read. */
  onBytes(bytes: Buffer): void;
}

/** What is below a mark is read when it has waited for one or two of these intervals. */
const LOOK_MS = 100;
const LOOKS_A_SECOND = 1_000 / LOOK_MS;
/** A socket has a mark while it brings this many times as much a second: pictures are above the mark then, and sound alone is not. */
const LEAST_MARKS_A_SECOND = 100;
/** Linux's own mark, socket(7): any byte wakes. */
const NO_MARK = 1;

interface Watched {
  /** `readBytes` at the last look, and a second ago. */
  seen: number;
  seenBefore: number;
  marked: boolean;
}

/**
 * Gives sockets a low-water mark (`SO_RCVLOWAT`, socket(7)): the system says that there is something to read only when there are as many
 * bytes. One publisher of 30 pictures a second with AAC then wakes the process 30 times a second rather than 73. Pictures are not delayed, and
 * sound comes with the picture behind it.
 *
 * Where less than the mark has come for a moment, because the encoder pauses or has said that it ends, it is read all the same. A socket
 * that brings little has no mark.
 */
export class LowWaterMarks {
  readonly #bytes: number;
  readonly #calls: SocketCalls | undefined;
  readonly #sockets = new Map<MarkedSocket, Watched>();
  #timer: NodeJS.Timeout | undefined;
  #looks = 0;

  /**
   * @param bytes 0 for no marks
   * @param calls undefined where the system has none: then there are no marks
   */
  constructor(bytes: number, calls: SocketCalls | undefined) {
    this.#bytes = bytes;
    this.#calls = calls;
  }

  /** A socket carries media from now on. */
  add(socket: MarkedSocket): void {
    if (this.#calls === undefined || this.#bytes <= NO_MARK) return;
    const { readBytes } = socket;
    this.#sockets.set(socket, { seen: readBytes, seenBefore: readBytes, marked: false });
    this.#timer ??= setInterval(() => this.#look(), LOOK_MS).unref();
  }

  /** It carries none any more, or is gone. */
  remove(socket: MarkedSocket): void {
    const watched = this.#sockets.get(socket);
    if (watched === undefined) return;
    this.#mark(socket, watched, false);
    this.#sockets.delete(socket);
    if (this.#sockets.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #look(): void {
    const isSecond = ++this.#looks % LOOKS_A_SECOND === 0;
    // What is read may end its socket, and remove it.
    for (const [socket, watched] of [...this.#sockets]) {
      if (watched.marked && socket.takesBytes && socket.readBytes === watched.seen) this.#readRest(socket);
      watched.seen = socket.readBytes;
      if (!isSecond) continue;
      const { seenBefore, seen } = watched;
      watched.seenBefore = seen;
      if (this.#sockets.has(socket))
        this.#mark(socket, watched, seen - seenBefore >= this.#bytes * LEAST_MARKS_A_SECOND);
    }
  }

  /** What is below the mark. */
  #readRest(socket: MarkedSocket): void {
    const calls = this.#calls;
    if (calls === undefined || socket.fd < 0) return;
    const count = calls.receive(socket.fd);
    // Its end, and an error, wake the runtime, whatever the mark.
    if (count > 0) socket.onBytes(calls.buffer.subarray(0, count));
  }

  #mark(socket: MarkedSocket, watched: Watched, marked: boolean): void {
    if (marked === watched.marked || socket.fd < 0) return;
    watched.marked = marked;
    this.#calls?.setLowWaterMark(socket.fd, marked ? this.#bytes : NO_MARK);
  }
}
