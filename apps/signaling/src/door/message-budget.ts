// A token bucket: so many at once, so many a second.

export class MessageBudget {
  readonly #perMs: number;
  readonly #burst: number;
  readonly #nowMs: () => number;
  #tokens: number;
  #atMs: number;

  constructor(perSecond: number, burst: number, nowMs: () => number = () => performance.now()) {
    this.#perMs = perSecond / 1_000;
    this.#burst = burst;
    this.#nowMs = nowMs;
    this.#tokens = burst;
    this.#atMs = nowMs();
  }

  /** @returns whether there was one left */
  take(): boolean {
    const now = this.#nowMs();
    this.#tokens = Math.min(this.#burst, this.#tokens + (now - this.#atMs) * this.#perMs);
    this.#atMs = now;
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }

  /** Whether nothing of it is missing: then it need not be remembered. */
  get isFull(): boolean {
    return this.#tokens + (this.#nowMs() - this.#atMs) * this.#perMs >= this.#burst;
  }
}
