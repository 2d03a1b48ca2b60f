// The dates of segments follow the encoder's clock where frames have its time (docs/decisions/0087). Decided from the resume point and the
// first frame of a segment alone, so that every packager dates the same segment alike.
import { TICKS_PER_MS } from '@millrace/domain';
import type { Frame, ResumePoint } from '@millrace/domain';

/**
 * Where media go on without a break, the dates of a segment and of the one before it may disagree with its duration by no more than this:
 * players compare them, and take a larger step for a hole. Dates that are 1 s off are right after 50 segments.
 */
export const DATE_STEP_MS = 20;

/** Wall-clock time of the encoder that belongs to decode time 0 of the epoch; undefined where the frame does not say. */
export const encoderZeroMs = ({ encoderTimeMs, dts90k }: Frame): number | undefined =>
  encoderTimeMs === undefined ? undefined : encoderTimeMs - Math.round(dts90k / TICKS_PER_MS);

/**
 * The state before a segment, dated by the first frame in it where its date may be any: in the first segment of a session, and forward where
 * times are broken anyway. Dating it again changes nothing, since a packager that resumes there does.
 */
export function datedBy(frame: Frame, before: ResumePoint): ResumePoint {
  const zeroMs = encoderZeroMs(frame);
  if (zeroMs === undefined) return before;
  const isFirst = before.targetDurationSeconds === 0;
  return isFirst || (before.discontinuity && zeroMs > before.epochZeroMs) ? { ...before, epochZeroMs: zeroMs } : before;
}

/** The state behind a segment with these frames: dates of the next one are a step closer to the encoder's clock. */
export function closerTo(frames: readonly Frame[], after: ResumePoint): ResumePoint {
  const dated = frames.find(({ encoderTimeMs }) => encoderTimeMs !== undefined);
  const zeroMs = dated && encoderZeroMs(dated);
  if (zeroMs === undefined || zeroMs === after.epochZeroMs) return after;
  const step = Math.min(Math.max(zeroMs - after.epochZeroMs, -DATE_STEP_MS), DATE_STEP_MS);
  return { ...after, epochZeroMs: after.epochZeroMs + step };
}
