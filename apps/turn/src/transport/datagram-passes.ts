// Reading many sockets in passes, a millisecond apart, instead of being woken for each datagram.
import { endianness } from 'node:os';
import { BATCH, DatagramBatches } from './datagram-batches.ts';
import type { OnReceived } from './datagram-batches.ts';
import { systemCalls } from './system-calls.ts';
import type { SystemCalls } from './system-calls.ts';

/** What is read in passes: a socket whose reading by events has stopped. */
export interface PassedSocket {
  readonly fd: number;
  readonly onReceived: OnReceived;
  readonly isOpen: () => boolean;
  /** Reads by events again. */
  readonly resumeReading: () => void;
}

/** A relayed datagram may wait for so long. */
const PASS_MS = 1;
/** So much of one socket in a pass; what is left comes in the next one, which follows at once. */
const MAX_DATAGRAMS = 4 * BATCH;
const MAX_BYTES = 1 << 20;
/** So many sockets that have something in a pass; the others likewise. */
const MAX_READY = 64;
/** How long datagrams are counted until their rate is looked at. */
const WINDOW_MS = 100;
/** Passes end where there are fewer datagrams than this part of what they begin with. */
const ENDS_BELOW = 0.5;
/** After so many reads in a row that the system refused, though there was something, passes are no longer tried. */
const MAX_REFUSED = 16;

// sys/epoll.h: struct epoll_event { events, data }, without a gap on x64 only
const EPOLL_CLOEXEC = 0x80000;
const EPOLL_CTL_ADD = 1;
const EPOLL_CTL_DEL = 2;
const EPOLLIN = 1;
const EVENT_WORDS = process.arch === 'x64' ? 3 : 4;
const DATA_WORD = process.arch === 'x64' ? 1 : 2;

export class DatagramPasses {
  readonly batches: DatagramBatches;
  readonly #system: SystemCalls;
  readonly #fromPerSecond: number;
  readonly #epoll: number;
  readonly #events = new Uint32Array(MAX_READY * EVENT_WORDS);
  readonly #eventsAddress: bigint;
  readonly #sockets = new Map<number, PassedSocket>();
  #timer: NodeJS.Timeout | undefined;
  #immediate: NodeJS.Immediate | undefined;
  #isOn = false;
  #isPassing = false;
  #refused = 0;
  #counted = 0;
  #windowAt = performance.now();
  /** Whether a socket uses them. */
  isUsed = false;

  /** @param fromPerSecond passes begin with so many datagrams a second; 0: they always go on */
  constructor(system: SystemCalls, fromPerSecond: number, batches = new DatagramBatches(system)) {
    this.#system = system;
    this.#fromPerSecond = fromPerSecond;
    this.batches = batches;
    this.#epoll = system.epoll_create1(EPOLL_CLOEXEC);
    this.#eventsAddress = system.addressOf(new Uint8Array(this.#events.buffer));
  }

  /** Whether a pass is under way, so that what is sent leaves at its end. */
  get isPassing(): boolean {
    return this.#isPassing;
  }

  /** Counts a datagram that an event brought. @returns whether its socket is to be read in passes from now on */
  count(): boolean {
    if (this.#isOn) return true;
    if (this.#epoll < 0 || this.batches.isDenied || this.#refused >= MAX_REFUSED) return false;
    // The clock is looked at once for so many.
    if (++this.#counted < (this.#fromPerSecond * WINDOW_MS) / 1_000) return false;
    const now = performance.now();
    const isOften = this.#counted >= (this.#fromPerSecond * (now - this.#windowAt)) / 1_000;
    this.#counted = 0;
    this.#windowAt = now;
    return (this.#isOn = isOften);
  }

  /** Reads a socket in passes. @returns whether the system can */
  join(socket: PassedSocket): boolean {
    if (this.#sockets.has(socket.fd)) return false;
    this.#events[0] = EPOLLIN;
    this.#events[DATA_WORD] = socket.fd;
    this.#events[DATA_WORD + 1] = 0;
    if (this.#system.epoll_ctl(this.#epoll, EPOLL_CTL_ADD, socket.fd, this.#eventsAddress) !== 0) return false;
    this.#sockets.set(socket.fd, socket);
    if (this.#sockets.size === 1) this.#begin();
    return true;
  }

  /** The socket is closed, or read by events again. */
  leave(socket: PassedSocket): void {
    if (this.#sockets.get(socket.fd) !== socket) return;
    this.#sockets.delete(socket.fd);
    this.#system.epoll_ctl(this.#epoll, EPOLL_CTL_DEL, socket.fd, this.#eventsAddress);
    if (this.#sockets.size === 0) this.#end();
  }

  #begin(): void {
    this.#counted = 0;
    this.#windowAt = performance.now();
    this.#timer = setTimeout(this.#pass, PASS_MS);
  }

  #end(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#immediate);
    this.#timer = this.#immediate = undefined;
    this.#isOn = false;
    this.#counted = 0;
    this.#windowAt = performance.now();
  }

  readonly #pass = (): void => {
    this.#immediate = undefined;
    this.#isPassing = true;
    let isMore = false;
    try {
      const ready = this.#system.epoll_wait(this.#epoll, this.#eventsAddress, MAX_READY, 0);
      isMore = ready === MAX_READY;
      // The memory of events is written again when a socket joins, which none does in a pass.
      for (let i = 0; i < ready; i++) {
        const socket = this.#sockets.get(this.#events[i * EVENT_WORDS + DATA_WORD]!);
        // Undefined: what was read before has closed it.
        if (socket !== undefined && this.#read(socket)) isMore = true;
      }
    } finally {
      this.batches.flush();
      this.#isPassing = false;
    }
    if (this.#timer === undefined || this.#isOver()) return;
    if (isMore) this.#immediate = setImmediate(this.#pass);
    else this.#timer.refresh();
  };

  /** @returns whether there is more than what was read */
  #read(socket: PassedSocket): boolean {
    const { batches } = this;
    for (let datagrams = 0, bytes = 0; datagrams < MAX_DATAGRAMS && bytes < MAX_BYTES;) {
      const count = batches.receive(socket.fd, socket.onReceived, socket.isOpen);
      if (count < 0 && datagrams === 0) this.#refused++;
      if (count <= 0) return false;
      this.#refused = 0;
      this.#counted += count;
      datagrams += count;
      bytes += batches.receivedBytes;
      if (count < BATCH || !socket.isOpen()) return false;
    }
    return true;
  }

  /** Ends the passes where there is too little for them. */
  #isOver(): boolean {
    const isRefused = this.batches.isDenied || this.#refused >= MAX_REFUSED;
    const now = performance.now();
    const elapsed = now - this.#windowAt;
    if (elapsed < WINDOW_MS && !isRefused) return false;
    const isLittle = this.#counted < (this.#fromPerSecond * ENDS_BELOW * elapsed) / 1_000;
    this.#counted = 0;
    this.#windowAt = now;
    if (!isLittle && !isRefused) return false;
    for (const socket of [...this.#sockets.values()]) {
      this.leave(socket);
      socket.resumeReading();
    }
    return true;
  }
}

let passes: DatagramPasses | undefined;

/** Those of this thread; the first call says from how many datagrams a second. @returns undefined where the system or the runtime has no such calls */
export function datagramPasses(fromPerSecond: number): DatagramPasses | undefined {
  if (passes !== undefined) return passes;
  const is64LittleEndian = ['x64', 'arm64'].includes(process.arch) && endianness() === 'LE';
  const system = is64LittleEndian ? systemCalls() : undefined;
  if (system !== undefined) passes = new DatagramPasses(system, fromPerSecond);
  return passes;
}
