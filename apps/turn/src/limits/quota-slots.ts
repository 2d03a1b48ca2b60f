// What tenants and users have together over all threads: counted in memory that the threads share, without a message.

/** How many tenants and users may be in force at once. */
export const QUOTA_SLOTS = 65_536;
/** The slot of the server as a whole. */
export const SERVER_SLOT = 0;
const FIELDS = 6;
const ALLOCATIONS = 0;
const WINDOW = 1;
const WINDOW_BYTES = 2;
/** These grow until they are taken. */
const RELAYED_BYTES = 3;
const OFFERED_BYTES = 4;
const REFUSED_ALLOCATIONS = 5;
/** A rate is kept over each window of this length. */
const WINDOW_MS = 250;
const BITS_PER_BYTE = 8;
const MAX_INT32 = 2 ** 31 - 1;

/** What was counted at a slot since it was last taken. */
export interface SlotUsage {
  readonly relayedBytes: number;
  /** Relayed, or dropped because the rate allowed no more. */
  readonly offeredBytes: number;
  readonly refusedAllocations: number;
}

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
    Atomics.add(fields, at + OFFERED_BYTES, bytes);
    const window = Math.floor(nowMs / WINDOW_MS) | 0;
    // Two threads may both begin the window: then some bytes are counted for none, which a quarter of a second forgives.
    if (Atomics.load(fields, at + WINDOW) !== window) {
      Atomics.store(fields, at + WINDOW, window);
      Atomics.store(fields, at + WINDOW_BYTES, 0);
    }
    const maximum = Math.min(MAX_INT32, (bitsPerSecond / BITS_PER_BYTE) * (WINDOW_MS / 1000));
    if (Atomics.load(fields, at + WINDOW_BYTES) + bytes > maximum) return false;
    Atomics.add(fields, at + WINDOW_BYTES, bytes);
    Atomics.add(fields, at + RELAYED_BYTES, bytes);
    return true;
  }

  /** Counts an allocation that was refused because there were as many as there may be. */
  countRefusal(slot: number): void {
    Atomics.add(this.#fields, slot * FIELDS + REFUSED_ALLOCATIONS, 1);
  }

  /** Each byte is taken once. Counts 4 GiB between two calls at most. */
  takeUsage(slot: number): SlotUsage {
    const take = (field: number): number => Atomics.exchange(this.#fields, slot * FIELDS + field, 0) >>> 0;
    return {
      relayedBytes: take(RELAYED_BYTES),
      offeredBytes: take(OFFERED_BYTES),
      refusedAllocations: take(REFUSED_ALLOCATIONS),
    };
  }

  /** For the next holder. */
  clear(slot: number): void {
    for (let field = 0; field < FIELDS; field++) Atomics.store(this.#fields, slot * FIELDS + field, 0);
  }
}
