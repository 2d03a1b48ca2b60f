// Samples of what an encoder sent, brought together in steps.
import type { HealthSample } from '@millrace/live-store';

const SECOND_MS = 1_000;
export const MINUTE_SECONDS = 60;
export const FIVE_MINUTES_SECONDS = 300;

/** What was measured in one step: rates are means, counts are sums. */
export interface HealthStep {
  /** Where the step begins, in milliseconds since 1970. */
  readonly atMs: number;
  readonly samples: number;
  readonly videoBitsPerSecond: number;
  readonly audioBitsPerSecond: number;
  readonly frameRate: number;
  readonly keyframeIntervalMs: number | null;
  readonly driftMs: number | null;
  readonly droppedFrames: number;
  readonly heldFrames: number;
  readonly timestampJumps: number;
  readonly viewers: number | null;
}

export const stepOfSample = (sample: HealthSample): HealthStep => ({
  atMs: sample.atMs,
  samples: 1,
  videoBitsPerSecond: sample.videoBitsPerSecond,
  audioBitsPerSecond: sample.audioBitsPerSecond,
  frameRate: sample.framesPerSecond,
  keyframeIntervalMs: sample.keyframeIntervalMs ?? null,
  driftMs: sample.driftMs ?? null,
  droppedFrames: sample.droppedFrames,
  heldFrames: sample.heldFrames,
  timestampJumps: sample.timestampJumps,
  viewers: null,
});

/** Where the step begins that holds a time: steps are counted from 1970, so that they are the same for all. */
export const beginningOfStep = (atMs: number, stepSeconds: number): number =>
  Math.floor(atMs / (stepSeconds * SECOND_MS)) * stepSeconds * SECOND_MS;

/** @param steps shorter ones, or single samples, in any order. @returns those that have samples, oldest first */
export function joinSteps(steps: readonly HealthStep[], stepSeconds: number): HealthStep[] {
  const groups = Map.groupBy(steps, ({ atMs }) => beginningOfStep(atMs, stepSeconds));
  return [...groups].sort(([a], [b]) => a - b).map(([atMs, group]) => join(atMs, group));
}

function join(atMs: number, group: readonly HealthStep[]): HealthStep {
  const mean = (value: (step: HealthStep) => number | null): number | null => {
    const known = group.filter((step) => value(step) !== null);
    const samples = known.reduce((sum, step) => sum + step.samples, 0);
    return samples === 0 ? null : known.reduce((sum, step) => sum + value(step)! * step.samples, 0) / samples;
  };
  const sum = (value: (step: HealthStep) => number): number => group.reduce((total, step) => total + value(step), 0);
  const viewers = mean((step) => step.viewers);
  return {
    atMs,
    samples: sum((step) => step.samples),
    videoBitsPerSecond: mean((step) => step.videoBitsPerSecond) ?? 0,
    audioBitsPerSecond: mean((step) => step.audioBitsPerSecond) ?? 0,
    frameRate: mean((step) => step.frameRate) ?? 0,
    keyframeIntervalMs: mean((step) => step.keyframeIntervalMs),
    driftMs: mean((step) => step.driftMs),
    droppedFrames: sum((step) => step.droppedFrames),
    heldFrames: sum((step) => step.heldFrames),
    timestampJumps: sum((step) => step.timestampJumps),
    viewers: viewers === null ? null : Math.round(viewers),
  };
}
