// EXT-X-TARGETDURATION (RFC 8216 section 4.3.3.1) and how long segments may get because of it.
import { TICKS_PER_MS } from '@millrace/domain';
import type { ResumePoint } from '@millrace/domain';

/**
 * "The EXTINF duration of each Media Segment, when rounded to the nearest integer, MUST be less than or equal to the target
 * duration": so a segment may be this much longer than the whole seconds.
 */
const ROUNDS_DOWN_MS = 499;

/**
 * A first segment that is longer than whole seconds by no more than this does not raise the target duration by one: encoders
 * with 29.97 frames a second make 2.002 s of 60 frames, and players stay three target durations behind.
 */
const ROUND_UP_TOLERANCE_MS = 100;

/**
 * A keyframe this little before the target duration ends a segment as well: RTMP rounds timestamps to milliseconds and cameras
 * stamp frames with jitter, so that a group of pictures of 2 s may take 1.999 s or 1.98 s. Half a frame at 10 frames a second.
 */
export const TARGET_TOLERANCE_TICKS = 50 * TICKS_PER_MS;

/**
 * What the first finished segment of a session fixes, in seconds.
 * @param segmentTargetMs the wished length of segments
 * @param durationMs how long the first segment lasts
 */
export function fixTargetDuration(segmentTargetMs: number, durationMs: number): number {
  return Math.max(1, Math.ceil(segmentTargetMs / 1_000), Math.ceil((durationMs - ROUND_UP_TOLERANCE_MS) / 1_000));
}

/**
 * How long the segment after this point may last, in milliseconds.
 * @param maxSegmentMs what holds until the target duration is fixed
 */
export function longestSegmentMs(point: Pick<ResumePoint, 'targetDurationSeconds'>, maxSegmentMs: number): number {
  const seconds = point.targetDurationSeconds > 0 ? point.targetDurationSeconds : Math.ceil(maxSegmentMs / 1_000);
  return seconds * 1_000 + ROUNDS_DOWN_MS;
}
