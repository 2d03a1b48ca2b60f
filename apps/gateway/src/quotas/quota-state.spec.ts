import { describe, expect, it } from 'vitest';
import { quotaLevel } from './quota-state.ts';
import type { QuotaLevel } from './quota-state.ts';

describe('quotaLevel', () => {
  it('rises at 80 and at 100 percent, and falls a little below, so that each crossing is seen once', () => {
    let level: QuotaLevel = 0;
    const levels = [0, 0.79, 0.8, 0.79, 0.81, 0.76, 0.9, 1, 0.99, 1.2, 0.95, 0.94, 1, 0.76, 0.74, 0.79, 2].map(
      (used) => (level = quotaLevel(level, used)),
    );
    expect(levels).toEqual([0, 0, 80, 80, 80, 80, 80, 100, 100, 100, 100, 80, 100, 80, 0, 0, 100]);
  });
});
