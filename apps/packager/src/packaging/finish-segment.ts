// Makes a finished segment of its frames, and moves the state on.
import { createHash } from 'node:crypto';
import { comparePositions, TICKS_PER_MS } from '@millrace/domain';
import type { Frame, FramePosition, ResumePoint } from '@millrace/domain';
import type { Tracks } from '@millrace/media';
import { sameContainer } from '../containers/container.ts';
import type { Allocate, Container } from '../containers/container.ts';
import type { CutReason, FinishedSegment, SegmentMap } from './finished-segment.ts';
import { muxFrames } from './mux-frames.ts';
import { spliceSignals } from './splice-signals.ts';
import type { SegmenterSettings } from './segmenter-settings.ts';
import { fixTargetDuration, longestSegmentMs } from './target-duration.ts';

export interface GatheredSegment {
  readonly before: ResumePoint;
  readonly frames: readonly Frame[];
  readonly tracks: Tracks;
  /** Decode time at which it starts. */
  readonly startDts90k: number;
  /** How long it lasts. */
  readonly ticks: number;
  readonly cut: CutReason;
  /** Where the next segment starts. */
  readonly next: FramePosition;
  /** Whether that one starts with a discontinuity. */
  readonly discontinuity: boolean;
  /** Whether that one starts at a keyframe, whatever comes before it. */
  readonly awaitsKeyframe: boolean;
}

/** Finishes a segment. The same frames and state before it give the same segment. */
export function finishSegment(
  gathered: GatheredSegment,
  container: Container,
  settings: SegmenterSettings,
  allocate?: Allocate,
): Omit<FinishedSegment, 'finishedAtMs' | 'buildMs'> {
  const { before, frames, tracks, discontinuity, cut } = gathered;
  const followsOn = before.mediaSequence > 0 && !before.discontinuity;
  const videoDelay90k = followsOn ? (before.videoDelay90k ?? 0) : undefined;
  const { state: containerState } = before.container;
  const state = { container, state: containerState, discontinuity: before.discontinuity, videoDelay90k, allocate };
  const carried = tracks.filter((track) => container.carries(track));
  const muxed = muxFrames(frames, carried, state, gathered.startDts90k, gathered.ticks);
  const wholeMs = Math.round(gathered.ticks / TICKS_PER_MS);
  // Where times jump unannounced, the target duration still holds.
  const durationMs = Math.min(Math.max(wholeMs, 1), longestSegmentMs(before, settings.maxSegmentMs));
  const keySequence = keyOf(before, container, settings);
  const after: ResumePoint = {
    ...before,
    position: gathered.next,
    mediaSequence: before.mediaSequence + 1,
    discontinuity,
    discontinuitySequence: before.discontinuitySequence + (discontinuity ? 1 : 0),
    awaitsKeyframe: gathered.awaitsKeyframe,
    container: { name: container.name, state: muxed.state },
    videoDelay90k: muxed.videoDelay90k,
    keySequence,
    targetDurationSeconds: before.targetDurationSeconds || fixTargetDuration(settings.segmentTargetMs, durationMs),
  };
  return {
    before,
    after,
    name: nameOf(before.mediaSequence, keySequence, container),
    contentType: container.segments.contentType,
    bytes: muxed.bytes,
    map: mapOf(container, muxed.init),
    keySequence,
    durationMs,
    independent: muxed.independent,
    programDateTimeMs: before.epochZeroMs + Math.round(gathered.startDts90k / TICKS_PER_MS),
    tracks,
    carried,
    gap: carried.length === 0 && tracks.length > 0,
    videoFrames: muxed.videoFrames,
    audioFrames: muxed.audioFrames,
    silentFrames: muxed.silentFrames,
    captions: muxed.captions,
    signals: spliceSignals(frames, before.epochZeroMs),
    skippedFrames: muxed.skipped,
    cut,
  };
}

/** The key of the segment behind a point: that of the segment before, until as many have it as may. */
function keyOf(
  { mediaSequence, keySequence }: ResumePoint,
  { maps }: Container,
  { keyRotationSegments }: SegmenterSettings,
): number | undefined {
  if (keyRotationSegments === 0) return undefined;
  // An initialisation map would need a key and an IV of its own (RFC 8216 section 4.3.2.4): there is no such container yet.
  if (maps !== undefined) throw new Error('a container with initialisation maps cannot be encrypted');
  return keySequence === undefined || mediaSequence - keySequence >= keyRotationSegments ? mediaSequence : keySequence;
}

/** The key is part of the name: whatever happens to the settings, the bytes behind a name are encrypted in one way only. */
const nameOf = (mediaSequence: number, keySequence: number | undefined, { segments }: Container): string =>
  `${mediaSequence}${keySequence === undefined ? '' : `.k${keySequence}`}.${segments.extension}`;

/** How many hexadecimal digits of its hash name an initialisation map. */
const MAP_NAME_DIGITS = 16;

/** Named after its bytes: segments with the same map share it, and the same segment cut again has the same one. */
function mapOf({ maps }: Container, init: Uint8Array | undefined): SegmentMap | undefined {
  if (maps === undefined || init === undefined) return undefined;
  const hash = createHash('sha256').update(init).digest('hex').slice(0, MAP_NAME_DIGITS);
  return { name: `map-${hash}.${maps.extension}`, contentType: maps.contentType, bytes: init };
}

/**
 * Where decode times step back, dates must not: "EXT-X-PROGRAM-DATE-TIME ... associates the first sample with an absolute date"
 * (RFC 8216 section 4.3.2.6), and time only goes on.
 * @param next the first frame after the jump
 */
export function withoutStepBack(finished: FinishedSegment, next: Frame): FinishedSegment {
  const { after, programDateTimeMs, durationMs } = finished;
  const earliestZeroMs = programDateTimeMs + durationMs - Math.round(next.dts90k / TICKS_PER_MS);
  if (after.epochZeroMs >= earliestZeroMs) return finished;
  return { ...finished, after: { ...after, epochZeroMs: earliestZeroMs } };
}

/**
 * The last segment of an epoch: the next one's zero is not before its end. An encoder that sends faster than time goes by, and
 * comes back, would make dates step back otherwise.
 */
export function beforeNextEpoch(finished: FinishedSegment): FinishedSegment {
  const { after, programDateTimeMs, durationMs } = finished;
  return { ...finished, after: { ...after, epochZeroMs: programDateTimeMs + durationMs } };
}

/** The state when the next segment starts at this position, and with a discontinuity. */
export function discontinuedAt(point: ResumePoint, position: FramePosition): ResumePoint {
  // Nothing comes before the first segment of all, and one discontinuity is enough.
  if (point.mediaSequence === 0 || point.discontinuity) return { ...point, position, awaitsKeyframe: false };
  return {
    ...point,
    position,
    awaitsKeyframe: false,
    discontinuity: true,
    discontinuitySequence: point.discontinuitySequence + 1,
  };
}

/** The state when as many segments, each of which may have had a discontinuity, may have been committed without a trace. */
export function skippedAhead(point: ResumePoint, segments: number): ResumePoint {
  return {
    ...point,
    mediaSequence: point.mediaSequence + segments,
    discontinuity: true,
    discontinuitySequence: point.discontinuitySequence + segments + 1,
  };
}

/** Whether segments cut from both points are the same. */
export function samePoint(a: ResumePoint, b: ResumePoint): boolean {
  return (
    comparePositions(a.position, b.position) === 0 &&
    a.mediaSequence === b.mediaSequence &&
    a.discontinuity === b.discontinuity &&
    a.discontinuitySequence === b.discontinuitySequence &&
    a.targetDurationSeconds === b.targetDurationSeconds &&
    a.sessionId === b.sessionId &&
    sameContainer(a.container, b.container) &&
    a.partDurationMs === b.partDurationMs &&
    (a.ladder ?? false) === (b.ladder ?? false) &&
    (a.awaitsKeyframe ?? false) === (b.awaitsKeyframe ?? false) &&
    (a.videoDelay90k ?? 0) === (b.videoDelay90k ?? 0) &&
    a.keySequence === b.keySequence
  );
}
