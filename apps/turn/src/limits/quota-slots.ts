// What tenants and users have together over all threads: counted in memory that the threads share, without a message.

/** How many tenants and users may be in force at once. */
export const QUOTA_SLOTS = 65_536;
/** The slot of the server as a whole. */
export const SERVER_SLOT = 0;
const FIELDS = 3;
const ALLOCATIONS = 0;
const WINDOW = 1;
const WINDOW_BYTES = 2;
/** A rate is kept over each window of this length. */
const WINDOW_MS = 250;
const BITS_PER_BYTE = 8;
const MAX_INT32 = 2 ** 31 - 1;

export class QuotaSlots {
  /** For the other threads. */
  readonly memory: SharedArrayBuffer;
  readonly #fields: Int32Array;

  constructor(memory = new SharedArrayBuffer(QUOTA_SLOTS * FIELDS * Int32Array.BYTES_PER_ELEMENT)) {
    this.memory = memory;
    this.#fields = new Int32Array(memory);
  }

  /** Counts one allocation more, unless there are as many as there may be. */
  takeAllocation(slot: number, maximum: number): boolean {
    const at = slot * FIELDS + ALLOCATIONS;
    if (Atomics.add(this.#fields, at, 1) < maximum) return true;
    Atomics.sub(this.#fields, at, 1);
    return false;
  }

  releaseAllocation(slot: number): void {
    Atomics.sub(this.#fields, slot * FIELDS + ALLOCATIONS, 1);
  }

  allocations(slot: number): number {
    return Atomics.load(this.#fields, slot * FIELDS + ALLOCATIONS);
  }

  /** Counts bytes, unless they are more than the rate allows now. */
  takeBytes(slot: number, bytes: number, bitsPerSecond: number, nowMs: number): boolean {
    const fields = this.#fields;
    const at = slot * FIELDS;
    const window = Math.floor(nowMs / WINDOW_MS) | 0;
    // Two threads may both begin the window: then some bytes are counted for none, which a quarter of a second forgives.
    if (Atomics.load(fields, at + WINDOW) !== window) {
      Atomics.store(fields, at + WINDOW, window);
      Atomics.store(fields, at + WINDOW_BYTES, 0);
    }
    const maximum = Math.min(MAX_INT32, (bitsPerSecond / BITS_PER_BYTE) * (WINDOW_MS / 1000));
    if (Atomics.load(fields, at + WINDOW_BYTES) + bytes > maximum) return false;
    Atomics.add(fields, at + WINDOW_BYTES, bytes);
    return true;
  }

  /** For the next holder. */
  clear(slot: number): void {
    for (let field = 0; field < FIELDS; field++) Atomics.store(this.#fields, slot * FIELDS + field, 0);
  }
}
