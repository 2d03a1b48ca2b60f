/** A rate with a burst: so many at once, so many a second in the long run. */
export class TokenBucket {
  readonly #perMs: number;
  readonly #burst: number;
  readonly #now: () => number;
  #tokens: number;
  #atMs: number;

  /**
   * @param perSecond how many tokens come back in a second
   * @param burst how many there are at most, and at first
   * @param now milliseconds of a clock that does not go back
   */
  constructor(perSecond: number, burst: number, now: () => number) {
    this.#perMs = perSecond / 1_000;
    this.#burst = burst;
    this.#now = now;
    this.#tokens = burst;
    this.#atMs = now();
  }

  /** Takes so many tokens, or none when there are fewer. */
  take(count = 1, nowMs = this.#now()): boolean {
    const tokens = Math.min(this.#burst, this.#tokens + (nowMs - this.#atMs) * this.#perMs);
    this.#atMs = nowMs;
    this.#tokens = tokens >= count ? tokens - count : tokens;
    return tokens >= count;
  }

  /** How many tokens there are now; parts of one count. */
  get left(): number {
    return Math.min(this.#burst, this.#tokens + (this.#now() - this.#atMs) * this.#perMs);
  }

  /** Whether none is missing: then the bucket need not be remembered. */
  get isFull(): boolean {
    return this.left >= this.#burst;
  }
}
