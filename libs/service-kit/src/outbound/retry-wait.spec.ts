import { describe, expect, it } from 'vitest';
import { retryWaitMs } from './retry-wait.ts';

describe('the wait before a server is connected to again', () => {
  const bounds = { minMs: 1_000, maxMs: 60_000 };
  const waits = (failures: number) => Array.from({ length: 200 }, () => retryWaitMs(failures, bounds));

  it.each([
    [0, 1_000],
    [1, 2_000],
    [5, 32_000],
    [6, 60_000],
    [10_000, 60_000],
    [Infinity, 60_000],
  ])('after %i failures is %i ms, give or take a fifth', (failures, waitMs) => {
    const all = waits(failures);
    expect(Math.min(...all)).toBeGreaterThanOrEqual(waitMs * 0.8);
    expect(Math.max(...all)).toBeLessThanOrEqual(waitMs * 1.2);
    // Those that failed together are not tried together.
    expect(new Set(all).size).toBeGreaterThan(50);
  });
});
