// Finished segments that nothing was cut for.
import { Codec } from '@millrace/domain';
import type { ResumePoint } from '@millrace/domain';
import { trackWithoutRecord } from '@millrace/media';
import type { FinishedSegment } from '../packaging/finished-segment.ts';
import { firstPoint } from './cut-log.ts';

export interface SampleSegment {
  readonly durationMs: number;
  readonly discontinuity?: boolean;
  readonly independent?: boolean;
  readonly sessionId?: string;
  readonly bytes?: number;
}

/** Segments that follow one another, from this state on; the target duration is 4 s. */
export function sampleSegments(samples: readonly SampleSegment[], from: ResumePoint = firstPoint()): FinishedSegment[] {
  let point: ResumePoint = { ...from, targetDurationSeconds: 4 };
  let dateMs = point.epochZeroMs;
  return samples.map((sample) => {
    const discontinuity = sample.discontinuity ?? false;
    const before: ResumePoint = {
      ...point,
      discontinuity,
      discontinuitySequence: point.discontinuitySequence + (discontinuity ? 1 : 0),
      sessionId: sample.sessionId ?? point.sessionId,
    };
    point = {
      ...before,
      discontinuity: false,
      mediaSequence: before.mediaSequence + 1,
      position: { epoch: before.position.epoch, sequence: before.position.sequence + 100 },
    };
    const programDateTimeMs = dateMs;
    dateMs += sample.durationMs;
    return {
      before,
      after: point,
      name: `${before.mediaSequence}.ts`,
      contentType: 'video/mp2t',
      map: undefined,
      keySequence: undefined,
      bytes: Buffer.alloc(sample.bytes ?? 188, before.mediaSequence),
      durationMs: sample.durationMs,
      independent: sample.independent ?? true,
      programDateTimeMs,
      tracks: [trackWithoutRecord(Codec.mp3)!],
      carried: [trackWithoutRecord(Codec.mp3)!],
      gap: false,
      videoFrames: 0,
      audioFrames: 100,
      silentFrames: 0,
      signals: [],
      captions: [],
      skippedFrames: 0,
      cut: 'keyframe',
      finishedAtMs: 0,
      buildMs: 0,
    };
  });
}
