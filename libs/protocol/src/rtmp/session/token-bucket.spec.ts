import { describe, expect, it } from 'vitest';
import { TokenBucket } from './token-bucket.ts';

describe('TokenBucket', () => {
  let now = 0;
  const taken = (bucket: TokenBucket, tries: number): number =>
    Array.from({ length: tries }, () => bucket.take()).filter(Boolean).length;

  it('lets a burst through, then what time makes up for, once', () => {
    now = 5_000;
    const bucket = new TokenBucket(() => now, 10, 4);
    expect(taken(bucket, 20)).toBe(10);
    now += 249;
    expect(taken(bucket, 5)).toBe(0);
    now += 1;
    expect(taken(bucket, 5)).toBe(1);
    now += 1_000;
    expect(taken(bucket, 3)).toBe(3);
    expect(taken(bucket, 20)).toBe(1);
  });

  it('saves up no more than a burst', () => {
    now = 0;
    const bucket = new TokenBucket(() => now, 10, 4);
    now += 3_600_000;
    expect(taken(bucket, 100)).toBe(10);
  });

  it('holds the rate in the long run, however often it is asked', () => {
    now = 0;
    const bucket = new TokenBucket(() => now, 10, 4);
    let total = 0;
    for (; now < 100_000; now += 7) total += taken(bucket, 3);
    expect(total).toBeGreaterThanOrEqual(408);
    expect(total).toBeLessThanOrEqual(410);
  });
});
