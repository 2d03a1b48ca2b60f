// Where a segment ends: decided from frames and limits alone, so that every packager decides alike.
import { FrameKind, isRandomAccess, TICKS_PER_MS } from '@millrace/domain';
import type { Frame, ResumePoint } from '@millrace/domain';
import type { CutReason } from './finished-segment.ts';
import type { OpenSegment } from './open-segment.ts';
import type { SegmenterSettings } from './segmenter-settings.ts';
import { longestSegmentMs, TARGET_TOLERANCE_TICKS } from './target-duration.ts';

/** Decode times that go back by more than this are another timeline; by less, an encoder's jitter. 1 s. */
const BACKWARDS_TICKS = 90_000;
/** A pause of pictures and sound is bridged by ending the segment at a keyframe before it, unless it is longer than this. 3 s. */
const LONGEST_BRIDGED_TICKS = 270_000;
/** Sound that comes before pictures in the log by less than this is early; by more, and behind a step of its own, both have paused. 250 ms. */
const SHORTEST_PAUSE_TICKS = 22_500;
/** Audio that has run on for this long since the newest picture decides where to cut, as pictures may have stopped. 250 ms. */
const LATE_VIDEO_TICKS = 22_500;
/**
 * A segment ends this much before its longest: a frame may come later than the ones before it let expect, and sound has frames of its own
 * length, so that its rendition may be longer than the pictures. 100 ms.
 */
const MARGIN_TICKS = 9_000;

export interface CutLimits {
  readonly targetTicks: number;
  /** How long the open segment is meant to last at most. */
  readonly longestTicks: number;
  /** What its EXTINF allows: it cannot last until a frame that is later. */
  readonly hardTicks: number;
  readonly maxBytes: number;
  /** With parts: what is behind a keyframe may be in one that players have, so that the segment cannot be split there later. */
  readonly hasParts: boolean;
}

/** The limits for the segment after this state. */
export function cutLimits(point: ResumePoint, settings: SegmenterSettings): CutLimits {
  // A target that was raised while the session lives: a keyframe before the end that is fixed by now is still better than none.
  const fixedMs = point.targetDurationSeconds > 0 ? point.targetDurationSeconds * 1_000 : Infinity;
  const hardTicks = longestSegmentMs(point, settings.maxSegmentMs) * TICKS_PER_MS;
  return {
    targetTicks: Math.min(settings.segmentTargetMs, fixedMs) * TICKS_PER_MS,
    longestTicks: hardTicks - MARGIN_TICKS,
    hardTicks,
    maxBytes: settings.maxSegmentBytes,
    hasParts: point.partDurationMs !== undefined,
  };
}

/** Says whether, and why, the open segment (which has frames) ends before this frame. */
export function cutBefore(open: OpenSegment, frame: Frame, limits: CutLimits): CutReason | undefined {
  if (frame.kind === FrameKind.audio && open.hasVideo) return silenceCut(open, frame, limits);
  if (frame.kind === FrameKind.video && !open.hasVideo) return firstPictureCut(open, frame, limits);
  const elapsed = frame.dts90k - open.startDts90k;
  const step = frame.dts90k - (open.hasVideo ? open.lastVideoDts90k : open.lastAudioDts90k);
  if (step < -BACKWARDS_TICKS) return 'timeline';
  // "The EXTINF duration ..., when rounded to the nearest integer, MUST be less than or equal to the target duration" (RFC 8216 section 4.3.3.1):
  // its last frame lasts as long as others do, and what follows the pause is another timeline (docs/decisions/0066).
  if (elapsed > limits.hardTicks) return isBridged(open, frame, step, limits) ? 'duration' : 'timeline';
  if (isRandomAccess(frame) && elapsed >= limits.targetTicks - TARGET_TOLERANCE_TICKS) return 'keyframe';
  if (elapsed > limits.longestTicks) return 'duration';
  if (limits.hasParts && isLastKeyframe(open, frame, elapsed, limits)) return 'keyframe';
  // The frame after this one would come too late to cut there.
  if (elapsed + step > limits.longestTicks) return 'duration';
  return open.bytesWith(frame) > limits.maxBytes ? 'bytes' : undefined;
}

/**
 * Whether the pause before this frame has room behind the keyframe inside the segment: it is split there, and nothing is lost. Where decoding
 * can start with the frame itself, nothing is lost anyway.
 */
function isBridged(open: OpenSegment, frame: Frame, step: number, { hasParts, hardTicks }: CutLimits): boolean {
  const inner = open.innerKeyframe;
  if (hasParts || inner === undefined || frame.kind !== FrameKind.video || isRandomAccess(frame)) return false;
  return step <= LONGEST_BRIDGED_TICKS && frame.dts90k - inner.dts90k <= hardTicks;
}

/**
 * Whether a segment that cannot be split ends at this keyframe, though it is short: as the next one would come too late if the next group of pictures were as
 * long as this one, or as the segment began in the middle of a group, so that segments begin at keyframes again.
 */
function isLastKeyframe(open: OpenSegment, frame: Frame, elapsed: number, { longestTicks }: CutLimits): boolean {
  if (frame.kind !== FrameKind.video || !isRandomAccess(frame)) return false;
  return open.startsInGroup || elapsed + open.groupTicksUntil(frame) > longestTicks;
}

/** The first picture after audio alone: how long audio has run counts, as the two clocks may be far apart. */
function firstPictureCut(open: OpenSegment, frame: Frame, limits: CutLimits): CutReason | undefined {
  const elapsed = open.lastAudioDts90k - open.startDts90k;
  if (isRandomAccess(frame) && elapsed >= limits.targetTicks - TARGET_TOLERANCE_TICKS) return 'keyframe';
  return open.bytesWith(frame) > limits.maxBytes ? 'bytes' : undefined;
}

/** Audio beside video cuts only where pictures have stopped coming: they alone, or with audio. */
function silenceCut(open: OpenSegment, frame: Frame, limits: CutLimits): CutReason | undefined {
  if (open.hasAudio) {
    const pause = open.pauseOfBoth(frame);
    const elapsed = open.ticksWithoutVideo(frame);
    const step = frame.dts90k - open.lastAudioDts90k;
    const hasPaused = pause > SHORTEST_PAUSE_TICKS;
    // The next picture may be a little later than this.
    if (hasPaused && elapsed > limits.longestTicks) return 'timeline';
    if (open.soundSinceVideo90k > LATE_VIDEO_TICKS && elapsed + step > limits.longestTicks)
      return hasPaused ? 'timeline' : 'duration';
  }
  return open.bytesWith(frame) > limits.maxBytes ? 'bytes' : undefined;
}
