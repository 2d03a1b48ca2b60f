/** Lets a number of events through at once and a number per second in the long run. */
export class TokenBucket {
  private readonly now: () => number;
  private readonly burst: number;
  private readonly perMs: number;
  private tokens: number;
  private filledAt: number;

  /**
   * @param now milliseconds of a clock that does not go back.
   * @param burst how many events may come at once.
   * @param perSecond how many events per second are made up for.
   */
  constructor(now: () => number, burst: number, perSecond: number) {
    this.now = now;
    this.burst = burst;
    this.perMs = perSecond / 1000;
    this.tokens = burst;
    this.filledAt = now();
  }

  /** Whether one more event is within the rate; counts it if so. */
  take(): boolean {
    const now = this.now();
    this.tokens = Math.min(this.burst, this.tokens + (now - this.filledAt) * this.perMs);
    this.filledAt = now;
    if (this.tokens < 1) return false;
    this.tokens -= 1;
    return true;
  }
}
