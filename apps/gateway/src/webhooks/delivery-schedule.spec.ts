import { describe, expect, it } from 'vitest';
import { RETRY_PAUSES_MS, retryPauseMs } from './delivery-schedule.ts';

const HOUR_MS = 60 * 60_000;

describe('retryPauseMs', () => {
  it('tries for three days, with ever longer pauses', () => {
    const sum = RETRY_PAUSES_MS.reduce((all, pause) => all + pause, 0);
    expect(sum / HOUR_MS).toBeGreaterThan(68);
    expect(sum / HOUR_MS).toBeLessThanOrEqual(72);
    expect([...RETRY_PAUSES_MS].sort((a, b) => a - b)).toEqual(RETRY_PAUSES_MS);
  });

  it('varies each pause by a tenth to either side, and ends', () => {
    expect([0, 0.5, 1].map((random) => retryPauseMs(1, random))).toEqual([4_500, 5_000, 5_500]);
    expect(retryPauseMs(RETRY_PAUSES_MS.length, 0.5)).toBe(22 * HOUR_MS);
    expect(retryPauseMs(RETRY_PAUSES_MS.length + 1)).toBeUndefined();
  });
});
