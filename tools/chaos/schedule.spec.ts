import { describe, expect, it } from 'vitest';
import { faultNamed, FAULTS } from './faults.ts';
import { planRuns } from './schedule.ts';

describe('the schedule', () => {
  it('is the same for the same seed, and another for another', () => {
    expect(planRuns(7, 50, FAULTS)).toEqual(planRuns(7, 50, FAULTS));
    const times = (seed: number): number[] => planRuns(seed, 50, FAULTS).map(({ beforeMs }) => beforeMs);
    expect(times(7)).not.toEqual(times(1_000));
  });

  it('repeats a single run by its own seed and the name of its fault', () => {
    for (const run of planRuns(41, 2 * FAULTS.length, FAULTS))
      expect(planRuns(run.seed, 1, [faultNamed(run.fault.name)])).toEqual([run]);
  });

  it('has every fault in turn, within its times', () => {
    const runs = planRuns(3, 3 * FAULTS.length, FAULTS);
    for (const fault of FAULTS) expect(runs.filter((run) => run.fault === fault)).toHaveLength(3);
    for (const { fault, forMs, apartMs } of runs) {
      expect(forMs).toBeGreaterThanOrEqual(fault.forMs[0]);
      expect(forMs).toBeLessThanOrEqual(fault.forMs[1]);
      expect(apartMs).toBeGreaterThanOrEqual(fault.apartMs?.[0] ?? 0);
      expect(apartMs).toBeLessThanOrEqual(fault.apartMs?.[1] ?? 0);
    }
  });

  it('knows no fault of another name, and says which there are', () => {
    expect(() => faultNamed('packager-tickled')).toThrow(/packager-killed, packager-frozen/);
  });
});
