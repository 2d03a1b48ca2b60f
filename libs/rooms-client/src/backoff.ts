// How long to wait before the next attempt: twice as long each time, up to a bound, and never all at the same moment.
import type { Random } from './clock.ts';

export interface BackoffTimes {
  readonly firstMs: number;
  readonly longestMs: number;
}

export class Backoff {
  readonly #times: BackoffTimes;
  readonly #random: Random;
  #attempts = 0;

  constructor(times: BackoffTimes, random: Random) {
    this.#times = times;
    this.#random = random;
  }

  get attempts(): number {
    return this.#attempts;
  }

  /** Between half of the bound and the bound: clients that a server lost together do not come back together. */
  nextMs(): number {
    const bound = Math.min(this.#times.longestMs, this.#times.firstMs * 2 ** Math.min(this.#attempts, 16));
    this.#attempts++;
    return Math.round(bound / 2 + (this.#random() * bound) / 2);
  }

  reset(): void {
    this.#attempts = 0;
  }
}
