// A token bucket for each of many: so many requests at once, so many a second from then on.
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

interface Bucket {
  tokens: number;
  atMs: number;
}

export class RateLimiter {
  private readonly buckets = new BoundedCache<string, Bucket>(MAX_REMEMBERED);

  constructor(
    readonly limit: RateLimit,
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  /** Takes one of what is left. */
  take(id: string): RateState {
    const bucket = this.bucketOf(id);
    const allowed = bucket.tokens >= 1;
    if (allowed) bucket.tokens--;
    const { limit } = this;
    const waitS = bucket.tokens >= 1 ? 0 : (1 - bucket.tokens) / limit.perSecond;
    return { limit, allowed, remaining: Math.floor(bucket.tokens), waitS: Math.ceil(waitS) };
  }

  private bucketOf(id: string): Bucket {
    const { perSecond, burst } = this.limit;
    const now = this.nowMs();
    let bucket = this.buckets.get(id);
    if (bucket === undefined) this.buckets.set(id, (bucket = { tokens: burst, atMs: now }));
    bucket.tokens = Math.min(burst, bucket.tokens + ((now - bucket.atMs) * perSecond) / 1_000);
    bucket.atMs = now;
    return bucket;
  }
}
