// Cuts a whole log as a worker would, without bus and store.
import { comparePositions } from '@millrace/domain';
import type { Frame, ResumePoint } from '@millrace/domain';
import { startOf } from '../containers/container.ts';
import { CONTAINERS } from '../containers/containers.ts';
import { encoderZeroMs } from '../packaging/encoder-dates.ts';
import type { FinishedSegment } from '../packaging/finished-segment.ts';
import type { LeftOutReason } from '../packaging/left-out.ts';
import type { FinishedPart } from '../packaging/part-cutter.ts';
import { Segmenter } from '../packaging/segmenter.ts';
import type { SegmenterSettings } from '../packaging/segmenter-settings.ts';

export const SETTINGS: SegmenterSettings = {
  segmentTargetMs: 2_000,
  keyRotationSegments: 0,
  maxSegmentMs: 10_000,
  maxSegmentBytes: 32 * 1024 * 1024,
};

export const SESSION = 'ses_00000000000000000000000001';

/** Before the first segment of a stream whose first epoch is this. */
export function firstPoint(epoch = 1_000, sessionId = SESSION): ResumePoint {
  return {
    position: { epoch, sequence: 0 },
    mediaSequence: 0,
    discontinuitySequence: 0,
    discontinuity: false,
    container: startOf(CONTAINERS.first),
    targetDurationSeconds: 0,
    epochZeroMs: epoch,
    sessionId,
  };
}

export interface CutResult {
  readonly segments: FinishedSegment[];
  readonly parts: FinishedPart[];
  readonly dropped: number;
  readonly segmenter: Segmenter;
  /** Why frames were left out, once for each. */
  readonly leftOut: readonly LeftOutReason[];
}

/**
 * Cuts a log from a resume point on. Epochs are their own zero, and of the session that `sessionOf` says.
 * @param finish whether the session ends behind the log
 */
export function cutLog(
  log: readonly Frame[],
  {
    point = firstPoint(log[0]?.epoch),
    settings = SETTINGS,
    containers = CONTAINERS,
    finish = true,
    sessionOf = (_epoch: number) => point.sessionId,
  } = {},
): CutResult {
  let segments: FinishedSegment[] = [];
  let parts: FinishedPart[] = [];
  let leftOut: LeftOutReason[] = [];
  const onPart = (part: FinishedPart): void => void parts.push(part);
  const onSegment = (segment: FinishedSegment): void => void segments.push(segment);
  const onLeftOut = (_frame: Frame, reason: LeftOutReason): void => void leftOut.push(reason);
  let segmenter = new Segmenter(point, { settings, containers, onSegment, onPart, onLeftOut });
  pushAll(
    segmenter,
    log.filter((frame) => comparePositions(frame, point.position) >= 0),
    point,
    sessionOf,
  );
  if (segmenter.needsEarlierFrames) {
    segments = [];
    parts = [];
    leftOut = [];
    segmenter = new Segmenter(point, { settings, containers, onSegment, onPart, onLeftOut, learn: true });
    pushAll(
      segmenter,
      log.filter((frame) => frame.epoch >= point.position.epoch),
      point,
      sessionOf,
    );
  }
  const last = log.at(-1);
  if (finish && last !== undefined) segmenter.finish({ epoch: last.epoch, sequence: last.sequence + 1 });
  return { segments, parts, dropped: segmenter.droppedFrames, segmenter, leftOut };
}

function pushAll(
  segmenter: Segmenter,
  log: readonly Frame[],
  point: ResumePoint,
  sessionOf: (epoch: number) => string,
): void {
  let last: Frame | undefined;
  for (const frame of log) {
    const newEpoch = frame.epoch !== segmenter.point.position.epoch;
    const expected = last !== undefined && last.epoch === frame.epoch ? last.sequence + 1 : 1;
    const lost = last === undefined ? frame.sequence > Math.max(point.position.sequence, 1) : frame.sequence > expected;
    if (newEpoch) {
      const position = { epoch: frame.epoch, sequence: frame.sequence };
      segmenter.startEpoch({
        position,
        sessionId: sessionOf(frame.epoch),
        epochZeroMs: encoderZeroMs(frame) ?? frame.epoch,
      });
    } else if (lost && comparePositions(frame, point.position) > 0) segmenter.gap(frame);
    segmenter.push(frame);
    if (segmenter.needsEarlierFrames) return;
    last = frame;
  }
}
