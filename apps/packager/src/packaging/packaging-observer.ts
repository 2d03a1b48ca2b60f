// What packaging reports for metrics and logs.
import type { Frame, FramePosition, PublishClaim } from '@millrace/domain';
import type { FinishedSegment } from './finished-segment.ts';
import type { LeftOutReason } from './left-out.ts';
import type { CommittedSegments } from './segment-committer.ts';
import type { StartPlan } from './start-plan.ts';

/** No method may throw. */
export interface PackagingObserver {
  started(plan: StartPlan): void;
  /** The stretch ended and the next one begins. */
  startsAgain(why: string): void;
  segmentFinished(segment: FinishedSegment): void;
  /** Parts are listed before their segment is whole, so long after the first of them was finished. */
  partsListed(parts: number, seconds: number): void;
  /** @param claim the newest that is known: of these segments or of what follows them */
  committed(committed: CommittedSegments, claim: PublishClaim): void;
  /** Viewers can watch for the first time in this session, so long after it began. */
  sessionActive(sessionId: string, afterMs: number): void;
  sessionEnded(sessionId: string, segments: number): void;
  /** @param seconds how long the store took for a commit that it answered */
  storeWritten(seconds: number): void;
  commitFailed(error: unknown, attempt: number): void;
  markFailed(error: unknown): void;
  /** @param frames how many are missing, undefined when that cannot be known */
  gap(expected: FramePosition, next: FramePosition, frames: number | undefined): void;
  /** @param frames media frames that went into no segment */
  framesDropped(frames: number): void;
  /** A frame of this session was left out. Called per frame. */
  frameLeftOut(sessionId: string, frame: Frame, reason: LeftOutReason): void;
  segmentAbandoned(error: unknown, frames: number): void;
  unreachable(what: 'live store' | 'frame bus', error: unknown, attempt: number): void;
}
