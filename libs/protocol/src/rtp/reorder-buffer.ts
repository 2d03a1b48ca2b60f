// Packets that networks deliver out of order, more than once, or not at all, in the order of their sequence numbers (RFC 3550 appendix A.1).

/** A packet that is further away is of a source that has restarted. */
const MAX_DROPOUT = 3_000;
const MODULUS = 0x1_0000;
const HALF = 0x8000;

export interface ReorderLimits {
  /** How many packets may wait for one that is missing. */
  readonly maxPackets: number;
  /** How long they may wait. */
  readonly maxWaitMs: number;
}

interface Waiting<T> {
  readonly packet: T;
  readonly sinceMs: number;
}

/** Passes on at once what is in order, and holds what came too early for a while. Of what comes twice or too late, nothing is passed on. */
export class ReorderBuffer<T> {
  readonly #limits: ReorderLimits;
  readonly #waiting = new Map<number, Waiting<T>>();
  #next: number | undefined;

  constructor(limits: ReorderLimits) {
    this.#limits = limits;
  }

  /** How many packets wait. */
  get size(): number {
    return this.#waiting.size;
  }

  /** @param sequence 16 bits. @param nowMs of a clock that does not go back. @returns what may be passed on now, in order */
  push(sequence: number, packet: T, nowMs: number): T[] {
    const next = (this.#next ??= sequence);
    const ahead = (sequence - next) & (MODULUS - 1);
    if (ahead >= HALF && MODULUS - ahead <= MAX_DROPOUT) return [];
    if (ahead > MAX_DROPOUT) {
      const passed = this.flush();
      this.#next = (sequence + 1) % MODULUS;
      return [...passed, packet];
    }
    if (!this.#waiting.has(sequence)) this.#waiting.set(sequence, { packet, sinceMs: nowMs });
    const passed = this.#run();
    while (this.#waiting.size > this.#limits.maxPackets) passed.push(...this.#skip());
    return passed;
  }

  /** What has waited for long enough: what was missing before it is given up. */
  expire(nowMs: number): T[] {
    const passed: T[] = [];
    while (this.#waiting.size > 0 && nowMs - this.#oldestMs() >= this.#limits.maxWaitMs) passed.push(...this.#skip());
    return passed;
  }

  /** Everything that waits. */
  flush(): T[] {
    const passed: T[] = [];
    while (this.#waiting.size > 0) passed.push(...this.#skip());
    return passed;
  }

  #oldestMs(): number {
    // Maps keep the order in which packets came.
    for (const { sinceMs } of this.#waiting.values()) return sinceMs;
    return Infinity;
  }

  /** Goes on with the first packet behind the gap. */
  #skip(): T[] {
    const next = this.#next ?? 0;
    let nearest = MODULUS;
    for (const sequence of this.#waiting.keys()) nearest = Math.min(nearest, (sequence - next) & (MODULUS - 1));
    this.#next = (next + nearest) % MODULUS;
    return this.#run();
  }

  #run(): T[] {
    const passed: T[] = [];
    for (;;) {
      const found = this.#waiting.get(this.#next!);
      if (found === undefined) return passed;
      this.#waiting.delete(this.#next!);
      this.#next = (this.#next! + 1) % MODULUS;
      passed.push(found.packet);
    }
  }
}
