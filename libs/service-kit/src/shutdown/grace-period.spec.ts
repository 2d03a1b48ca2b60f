import { describe, expect, it } from 'vitest';
import { gracePeriodMs } from './grace-period.ts';

describe('gracePeriodMs', () => {
  it('is the sum of all that a stop waits for', () => {
    expect(gracePeriodMs({ stopGraceMs: 10_000 })).toBe(10_000);
    expect(gracePeriodMs({ drainReadinessLagMs: 7_000, stopGraceMs: 10_000 }, 10_800_000, 60_000)).toBe(10_877_000);
  });

  it('stays within what a timer can hold: beyond it, a timer would go off at once', () => {
    expect(gracePeriodMs({ stopGraceMs: 2 ** 31 - 1 }, 2 ** 31 - 1)).toBe(2 ** 31 - 1);
  });
});
