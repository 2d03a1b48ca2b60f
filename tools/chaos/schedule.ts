// Which fault comes in which run, and when: all of it follows from the seed.
import { Random } from '../fuzz/random.ts';
import type { Fault, Moment } from './faults.ts';

export interface PlannedRun extends Moment {
  /** Repeats this run alone: `--seed SEED --fault NAME --runs 1`. */
  readonly seed: number;
  readonly fault: Fault;
  /** How long the streams go on before it. */
  readonly beforeMs: number;
}

/** Longer than a segment: a fault comes at any moment of one. */
const MOST_BEFORE_MS = 2_500;
export const MAX_SEED = 2 ** 31;

/** Every fault in turn, each run with a seed of its own: the next number. */
export function planRuns(seed: number, runs: number, faults: readonly Fault[]): PlannedRun[] {
  return Array.from({ length: runs }, (_, i) => {
    const fault = faults[i % faults.length];
    if (fault === undefined) throw new Error('there is no fault to plan');
    return planRun((seed + i) % MAX_SEED, fault);
  });
}

function planRun(seed: number, fault: Fault): PlannedRun {
  const random = new Random(seed);
  const between = ([least, most]: readonly [number, number]): number => least + random.below(most - least + 1);
  return {
    seed,
    fault,
    beforeMs: random.below(MOST_BEFORE_MS),
    forMs: between(fault.forMs),
    apartMs: between(fault.apartMs ?? [0, 0]),
    which: random.below(2 ** 16),
  };
}
