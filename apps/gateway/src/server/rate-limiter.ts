// A token bucket for each of many: so many requests at once, so many a second from then on.
import { TokenBucket } from '@millrace/protocol/rate';
import { BoundedCache } from '../cache/bounded-cache.ts';

/** How many are remembered; the one that asked longest ago is forgotten, and has its whole burst again. */
const MAX_REMEMBERED = 20_000;

export interface RateLimit {
  /** What it counts by, as its policy is called in answers. */
  readonly name: string;
  readonly perSecond: number;
  readonly burst: number;
}

export interface RateState {
  readonly limit: RateLimit;
  readonly allowed: boolean;
  /** Requests that are left now. */
  readonly remaining: number;
  /** Until one more is left, in seconds. */
  readonly waitS: number;
}

interface Kept {
  readonly limit: RateLimit;
  readonly bucket: TokenBucket;
}

export class RateLimiter {
  readonly #kept = new BoundedCache<string, Kept>(MAX_REMEMBERED);
  readonly #nowMs: () => number;

  constructor(
    readonly limit: RateLimit,
    nowMs: () => number = () => performance.now(),
  ) {
    this.#nowMs = nowMs;
  }

  /**
   * Takes one of what is left.
   *
   * @param perSecond a rate of its own; its burst is as much larger or smaller
   */
  take(id: string, perSecond = this.limit.perSecond): RateState {
    const kept = this.#keptOf(id, perSecond);
    const allowed = kept.bucket.take();
    return stateOf(kept, allowed);
  }

  /** What `take` would say, without taking anything. */
  look(id: string, perSecond = this.limit.perSecond): RateState {
    const kept = this.#keptOf(id, perSecond);
    return stateOf(kept, kept.bucket.left >= 1);
  }

  #keptOf(id: string, perSecond: number): Kept {
    let kept = this.#kept.get(id);
    if (kept?.limit.perSecond !== perSecond) {
      const { name, burst } = this.limit;
      const limit = { name, perSecond, burst: Math.max(1, Math.round((burst * perSecond) / this.limit.perSecond)) };
      this.#kept.set(id, (kept = { limit, bucket: new TokenBucket(perSecond, limit.burst, this.#nowMs) }));
    }
    return kept;
  }
}

function stateOf({ limit, bucket: { left } }: Kept, allowed: boolean): RateState {
  const waitS = left >= 1 ? 0 : Math.ceil((1 - left) / limit.perSecond);
  return { limit, allowed, remaining: Math.floor(left), waitS };
}
