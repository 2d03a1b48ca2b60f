// Counts and logs what happens to one stream.
import type { Frame, FramePosition, PublishClaim } from '@millrace/domain';
import type { Logger } from '@millrace/service-kit';
import type { FinishedSegment } from '../packaging/finished-segment.ts';
import type { LeftOutReason } from '../packaging/left-out.ts';
import type { PackagingObserver } from '../packaging/packaging-observer.ts';
import type { CommittedSegments } from '../packaging/segment-committer.ts';
import type { StartPlan } from '../packaging/start-plan.ts';
import type { SegmentSpans } from '../traces/segment-spans.ts';
import type { PackagedTime } from './packaged-time.ts';
import type { PackagerMetrics } from './packager-metrics.ts';

/** Of failures in a row the first one is logged, and then each time they are this many more: the rest is counted. */
const LOG_EVERY_FAILURES = 20;

export interface StreamObserverOptions {
  readonly streamId: string;
  readonly metrics: PackagerMetrics;
  /** With the ids of tenant and stream. */
  readonly logger: Logger;
  readonly segmentTargetMs: number;
  readonly monotonicMs: () => number;
  readonly spans: SegmentSpans;
  readonly packaged: PackagedTime;
}

export class StreamObserver implements PackagingObserver {
  readonly #streamId: string;
  readonly #metrics: PackagerMetrics;
  readonly #streamLogger: Logger;
  readonly #monotonicMs: () => number;
  readonly #targetMs: number;
  readonly #spans: SegmentSpans;
  readonly #packaged: PackagedTime;
  /** With the id of the session. */
  #logger: Logger;
  #last: FinishedSegment | undefined;
  /** The session that another packager has committed segments of: its first picture is long past. */
  #takenOver: string | undefined;
  /** The session that was last warned of for frames that are left out. */
  #leftOutOf: string | undefined;

  constructor(options: StreamObserverOptions) {
    const { streamId, metrics, logger, segmentTargetMs, monotonicMs, spans, packaged } = options;
    this.#streamId = streamId;
    this.#packaged = packaged;
    this.#metrics = metrics;
    this.#streamLogger = logger;
    this.#logger = logger;
    this.#targetMs = segmentTargetMs;
    this.#monotonicMs = monotonicMs;
    this.#spans = spans;
  }

  started(plan: StartPlan): void {
    this.#metrics.starts.inc({ from: plan.kind });
    this.#last = undefined;
    this.#packaged.startsAt(this.#streamId, plan.rebuildTo?.mediaSequence ?? plan.point.mediaSequence);
    const isBeginning = plan.kind === 'first' || plan.kind === 'new-session';
    this.#takenOver = isBeginning ? undefined : plan.point.sessionId;
    this.#logger = this.#streamLogger.child({ session_id: plan.point.sessionId });
    const { position, mediaSequence } = plan.point;
    this.#logger.info({ from: plan.kind, position, media_sequence: mediaSequence }, 'packaging started');
  }

  startsAgain(why: string): void {
    this.#logger.warn({ why }, 'restarting packaging');
  }

  segmentFinished(segment: FinishedSegment): void {
    this.#metrics.segmentBuild.observe(segment.buildMs / 1_000);
    if (segment.after.discontinuity) this.#metrics.discontinuities.inc({ reason: segment.cut });
    if (segment.skippedFrames > 0) this.#metrics.droppedFrames.inc(segment.skippedFrames);
    const last = this.#last;
    if (last?.cut === 'gap') {
      const missingMs = segment.programDateTimeMs - (last.programDateTimeMs + last.durationMs);
      if (missingMs > 0) this.#metrics.gapSeconds.inc(missingMs / 1_000);
    }
    this.#last = segment;
  }

  committed({ segments, playlist }: CommittedSegments, claim: PublishClaim): void {
    const now = this.#monotonicMs();
    for (const segment of segments) {
      this.#metrics.segments.inc({ reason: segment.cut });
      this.#metrics.segmentDuration.observe(segment.durationMs / 1_000);
      this.#metrics.segmentDrift.observe((segment.durationMs - this.#targetMs) / 1_000);
      this.#metrics.lag.observe((now - segment.finishedAtMs) / 1_000);
    }
    this.#packaged.committed(segments, claim);
    this.#spans.committed(segments, claim);
    this.#logger.debug({ segments: segments.length, media_sequence: playlist.head.mediaSequence }, 'committed');
  }

  partsListed(parts: number, seconds: number): void {
    this.#metrics.parts.inc(parts);
    this.#metrics.partLag.observe(seconds);
  }

  storeWritten(seconds: number): void {
    this.#metrics.storeWrite.observe({ op: 'commit' }, seconds);
  }

  sessionActive(sessionId: string, afterMs: number): void {
    this.#logger = this.#streamLogger.child({ session_id: sessionId });
    if (sessionId === this.#takenOver) return;
    this.#metrics.firstSegment.observe(Math.max(0, afterMs) / 1_000);
    this.#logger.info({ after_ms: afterMs }, 'session is active');
  }

  sessionEnded(sessionId: string, segments: number): void {
    this.#streamLogger.info({ session_id: sessionId, segments }, 'session ended');
  }

  commitFailed(error: unknown, attempt: number): void {
    this.#failed('commit', error, attempt);
  }

  markFailed(error: unknown): void {
    this.#failed('mark', error, 1);
  }

  unreachable(what: 'live store' | 'frame bus', error: unknown, attempt: number): void {
    this.#failed(what === 'live store' ? 'read_store' : 'read_bus', error, attempt);
  }

  gap(expected: FramePosition, next: FramePosition, frames: number | undefined): void {
    this.#metrics.gaps.inc();
    if (frames !== undefined) this.#metrics.gapFrames.inc(frames);
    this.#logger.warn(
      { expected, next: { epoch: next.epoch, sequence: next.sequence }, frames },
      'frames missing from the log',
    );
  }

  framesDropped(frames: number): void {
    if (frames === 0) return;
    this.#metrics.droppedFrames.inc(frames);
    this.#logger.info({ frames }, 'frames left out of segments');
  }

  frameLeftOut(sessionId: string, { kind, codec, track = 0 }: Frame, reason: LeftOutReason): void {
    this.#metrics.leftOutFrames.inc({ reason });
    if (sessionId === this.#leftOutOf) return;
    this.#leftOutOf = sessionId;
    this.#streamLogger.warn(
      { session_id: sessionId, reason, kind, codec, track },
      'a track is left out: this release does not package it',
    );
  }

  segmentAbandoned(error: unknown, frames: number): void {
    this.#metrics.abandoned.inc();
    this.#logger.error({ err: error, frames }, 'could not build a segment');
  }

  #failed(op: string, error: unknown, attempt: number): void {
    this.#metrics.failures.inc({ op });
    if (attempt % LOG_EVERY_FAILURES === 1) this.#logger.warn({ err: error, op, attempt }, 'call failed; trying again');
  }
}
