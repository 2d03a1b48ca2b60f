// What waits for a client that reads its stream more slowly than its peers send. Datagrams grow worthless while they wait, so the
// oldest ones go first: by time, which is what calls feel, and by size, which is what memory feels.

/** A whole message, in the parts that it is written in. */
export interface UnsentDatagram {
  readonly head: Uint8Array;
  readonly body: Uint8Array;
  readonly padding: Uint8Array | undefined;
  readonly atMs: number;
}

export interface UnsentLimits {
  readonly maxMs: number;
  readonly maxBytes: number;
}

export type DroppedFor = 'max_unsent_ms' | 'max_unsent_bytes';

/** Where the array is cut to what is left of it. */
const COMPACT_FROM = 256;

export class UnsentDatagrams {
  readonly #limits: UnsentLimits;
  readonly #onDropped: (reason: DroppedFor) => void;
  #waiting: UnsentDatagram[] = [];
  #first = 0;
  #bytes = 0;

  constructor(limits: UnsentLimits, onDropped: (reason: DroppedFor) => void) {
    this.#limits = limits;
    this.#onDropped = onDropped;
  }

  get count(): number {
    return this.#waiting.length - this.#first;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Adds the newest one, and drops what there is no time or no room for any more. */
  push(datagram: UnsentDatagram): void {
    this.#waiting.push(datagram);
    this.#bytes += sizeOf(datagram);
    this.#dropOld(datagram.atMs);
    while (this.#bytes > this.#limits.maxBytes && this.count > 1) this.#drop('max_unsent_bytes');
  }

  /** Takes the oldest one that is still worth sending; the newest always is. */
  shift(nowMs: number): UnsentDatagram | undefined {
    this.#dropOld(nowMs);
    return this.#take();
  }

  clear(): void {
    this.#waiting = [];
    this.#first = 0;
    this.#bytes = 0;
  }

  #dropOld(nowMs: number): void {
    const { maxMs } = this.#limits;
    while (this.count > 1 && nowMs - this.#waiting[this.#first]!.atMs > maxMs) this.#drop('max_unsent_ms');
  }

  #drop(reason: DroppedFor): void {
    this.#take();
    this.#onDropped(reason);
  }

  #take(): UnsentDatagram | undefined {
    const datagram = this.#waiting[this.#first];
    if (datagram === undefined) return undefined;
    this.#bytes -= sizeOf(datagram);
    this.#first++;
    if (this.#first === this.#waiting.length) this.clear();
    else if (this.#first === COMPACT_FROM) {
      this.#waiting.splice(0, COMPACT_FROM);
      this.#first = 0;
    }
    return datagram;
  }
}

const sizeOf = ({ head, body, padding }: UnsentDatagram): number =>
  head.length + body.length + (padding === undefined ? 0 : padding.length);
