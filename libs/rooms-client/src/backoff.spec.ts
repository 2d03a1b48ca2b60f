import { describe, expect, it } from 'vitest';
import { Backoff } from './backoff.ts';

const times = { firstMs: 400, longestMs: 3_000 };
const first = (n: number, backoff: Backoff): number[] => Array.from({ length: n }, () => backoff.nextMs());

describe('Backoff', () => {
  it('doubles up to its bound, and waits at least half of it', () => {
    expect(first(6, new Backoff(times, () => 0))).toEqual([200, 400, 800, 1_500, 1_500, 1_500]);
    expect(first(6, new Backoff(times, () => 1))).toEqual([400, 800, 1_600, 3_000, 3_000, 3_000]);
  });

  it('begins again after a success', () => {
    const backoff = new Backoff(times, () => 1);
    first(3, backoff);
    backoff.reset();
    expect([backoff.attempts, backoff.nextMs()]).toEqual([0, 400]);
  });

  it('stays finite after very many attempts', () => {
    const backoff = new Backoff(times, () => 1);
    expect(first(2_000, backoff).at(-1)).toBe(3_000);
  });
});
