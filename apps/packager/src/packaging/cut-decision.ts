// Where a segment ends: decided from frames and limits alone, so that every packager decides alike.
import { FrameKind, isRandomAccess, TICKS_PER_MS } from '@millrace/domain';
import type { Frame, ResumePoint } from '@millrace/domain';
import type { CutReason } from './finished-segment.ts';
import type { OpenSegment } from './open-segment.ts';
import type { SegmenterSettings } from './segmenter-settings.ts';
import { longestSegmentMs, TARGET_TOLERANCE_TICKS } from './target-duration.ts';

/** Decode times that go back by more than this are another timeline; by less, an encoder's jitter. 1 s. */
const BACKWARDS_TICKS = 90_000;
/** A hole that a segment cannot hold is another timeline when it is longer than this. 3 s. */
const HOLE_TICKS = 270_000;
/** Audio that has run on for this long since the newest picture decides where to cut, as pictures may have stopped. 250 ms. */
const LATE_VIDEO_TICKS = 22_500;
/**
 * A segment that also is a rendition of sound ends this much before its longest: sound has frames of its own length, so that the
 * rendition may be longer than the pictures, and its EXTINF has to hold the target duration too. 100 ms.
 */
const SOUND_MARGIN_TICKS = 9_000;

export interface CutLimits {
  readonly targetTicks: number;
  /** The longest that the open segment may last. */
  readonly longestTicks: number;
  readonly maxBytes: number;
  /** With parts: what is behind a keyframe may be in one that players have, so that the segment cannot be split there later. */
  readonly hasParts: boolean;
}

/** The limits for the segment after this state. */
export function cutLimits(point: ResumePoint, settings: SegmenterSettings): CutLimits {
  // A target that was raised while the session lives: a keyframe before the end that is fixed by now is still better than none.
  const fixedMs = point.targetDurationSeconds > 0 ? point.targetDurationSeconds * 1_000 : Infinity;
  return {
    targetTicks: Math.min(settings.segmentTargetMs, fixedMs) * TICKS_PER_MS,
    longestTicks:
      longestSegmentMs(point, settings.maxSegmentMs) * TICKS_PER_MS -
      (point.partDurationMs === undefined ? 0 : SOUND_MARGIN_TICKS),
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
  if (elapsed > limits.longestTicks) return step > HOLE_TICKS ? 'timeline' : 'duration';
  if (isRandomAccess(frame) && elapsed >= limits.targetTicks - TARGET_TOLERANCE_TICKS) return 'keyframe';
  if (limits.hasParts && isLastKeyframe(open, frame, elapsed, limits)) return 'keyframe';
  // The frame after this one would come too late to cut there.
  if (elapsed + step > limits.longestTicks) return 'duration';
  return open.bytesWith(frame) > limits.maxBytes ? 'bytes' : undefined;
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
    if (pause > HOLE_TICKS && elapsed + pause > limits.longestTicks) return 'timeline';
    const step = frame.dts90k - open.lastAudioDts90k;
    if (open.soundSinceVideo90k > LATE_VIDEO_TICKS && elapsed + step > limits.longestTicks) return 'duration';
  }
  return open.bytesWith(frame) > limits.maxBytes ? 'bytes' : undefined;
}
