import { describe, expect, it } from 'vitest';
import { TokenBucket } from './token-bucket.ts';

describe('TokenBucket', () => {
  let now = 0;
  const taken = (bucket: TokenBucket, tries: number): number =>
    Array.from({ length: tries }, () => bucket.take()).filter(Boolean).length;

  it('lets a burst through, then what time makes up for, once', () => {
    now = 5_000;
    const bucket = new TokenBucket(4, 10, () => now);
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
    const bucket = new TokenBucket(4, 10, () => now);
    now += 3_600_000;
    expect(taken(bucket, 100)).toBe(10);
  });

  it('holds the rate in the long run, however often it is asked', () => {
    now = 0;
    const bucket = new TokenBucket(4, 10, () => now);
    let total = 0;
    for (; now < 100_000; now += 7) total += taken(bucket, 3);
    expect(total).toBeGreaterThanOrEqual(408);
    expect(total).toBeLessThanOrEqual(410);
  });

  it('takes several at once, or none', () => {
    now = 0;
    const bucket = new TokenBucket(4, 10, () => now);
    expect(bucket.take(7)).toBe(true);
    expect(bucket.take(4)).toBe(false);
    expect(bucket.take(3)).toBe(true);
    expect(bucket.take(1, 250)).toBe(true);
  });

  it('says how much is left, and when nothing is missing', () => {
    now = 0;
    const bucket = new TokenBucket(4, 10, () => now);
    expect([bucket.left, bucket.isFull]).toEqual([10, true]);
    bucket.take(2);
    now = 125;
    expect([bucket.left, bucket.isFull]).toEqual([8.5, false]);
    now = 500;
    expect([bucket.left, bucket.isFull]).toEqual([10, true]);
  });
});
