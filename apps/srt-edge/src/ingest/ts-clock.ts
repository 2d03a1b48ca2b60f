// Timestamps of all streams of a program, on one line that does not wrap (ISO/IEC 13818-1 section 2.4.3.7: 33 bits).
import { TICKS_PER_MS } from '@millrace/domain';
import { unwrapTimestamp } from '@millrace/protocol/mpegts';

export class TsClock {
  #first90k: number | undefined;
  #last90k = 0;

  /** Ticks since the first timestamp. Each is taken for the one nearest to that before it, of whatever stream. */
  sinceFirst(timestamp: number): number {
    this.#last90k = this.#first90k === undefined ? timestamp : unwrapTimestamp(timestamp, this.#last90k);
    this.#first90k ??= timestamp;
    return this.#last90k - this.#first90k;
  }
}

/** Whole milliseconds, and nanoseconds that give the same tick again when they are rounded down. */
export function millisecondsOf(time90k: number): [ms: number, nanoseconds: number] {
  const ms = Math.floor(time90k / TICKS_PER_MS);
  return [ms, Math.ceil(((time90k - ms * TICKS_PER_MS) * 1_000_000) / TICKS_PER_MS)];
}
