// Where a packager starts that has just got the lease: from what the live store and the commit mark say (pure).
import {
  type CommitMark,
  comparePositions,
  type FramePosition,
  type PublishClaim,
  type ResumePoint,
} from '@millrace/domain';
import type { PlaylistState, StreamDescription } from '@millrace/live-store';
import { discontinuedAt, skippedAhead } from './finish-segment.ts';
import { emptyWindow, type PlaylistWindow } from './playlist-window.ts';

/**
 * Commits come to the store before their marks come to the bus; this many segments may be without at once. So this is how many
 * numbers a mark may be behind what viewers have seen.
 */
export const MAX_SEGMENTS_AHEAD_OF_MARK = 8;

export interface StartPlan {
  /**
   * - `follow`: the store has everything; go on after it.
   * - `rebuild`: the store has lost segments that were committed; cut them again, from the mark's tail to its head.
   * - `after-mark`: the same, but the log does not reach back to the tail; go on at the mark's head.
   * - `new-session`: what is committed belongs to an older session.
   * - `first`: nothing was ever committed.
   */
  readonly kind: 'follow' | 'rebuild' | 'after-mark' | 'new-session' | 'first';
  /** Before the first segment to cut. */
  readonly point: ResumePoint;
  /** What is listed already. */
  readonly window: PlaylistWindow;
  /** `expectedMediaSequence` of the first commit. */
  readonly expectedMediaSequence: number | undefined;
  /** Nothing is committed before the segments reach this state. */
  readonly rebuildTo: ResumePoint | undefined;
  /** What the store says of the stream, for a commit without a segment. */
  readonly description: StreamDescription | undefined;
  /** The number that the recorded mark has before the next segment; 0 when there is none. */
  readonly markedMediaSequence: number;
  /** A mark to record first: of a commit that was made without, or for numbers that are left out. */
  readonly missingMark: CommitMark | undefined;
  /**
   * The store has lost what came after the mark, if anything did: numbers behind the mark may have been seen by viewers, and
   * must be left out unless the log gives the same segments once more.
   */
  readonly numbersAreUncertain: boolean;
}

export interface StartFacts {
  readonly claim: PublishClaim;
  readonly playlist: PlaylistState | undefined;
  readonly mark: CommitMark | undefined;
  /** Whether a rebuild was tried and the log did not allow it. */
  readonly cannotRebuild: boolean;
}

/**
 * @returns `stale-claim` when the store knows of an older publisher only than the commits do: it was set back, and the edge
 *   will put its claim there again within a second
 */
export function chooseStart({ claim, playlist, mark, cannotRebuild }: StartFacts): StartPlan | 'stale-claim' {
  const inStep = playlist !== undefined && (mark?.head.mediaSequence ?? 0) <= playlist.head.mediaSequence;
  const head = inStep ? playlist.head : mark?.head;
  const facts = {
    expectedMediaSequence: inStep ? playlist.head.mediaSequence : undefined,
    rebuildTo: undefined,
    description: inStep ? playlist.description : undefined,
    markedMediaSequence: mark?.head.mediaSequence ?? 0,
    missingMark: inStep ? missingMark(playlist, mark) : undefined,
    numbersAreUncertain: !inStep,
  };
  const window = emptyWindow(claim.sessionId);
  if (head === undefined) return { kind: 'first', point: firstPoint(claim), window, ...facts };
  if (head.sessionId !== claim.sessionId) {
    if (head.position.epoch > claim.epoch) return 'stale-claim';
    const point = newSession(head, claim);
    if (inStep) return { kind: 'new-session', point, window, ...facts };
    const skipped = skippedAhead(point, MAX_SEGMENTS_AHEAD_OF_MARK);
    return { kind: 'new-session', point: skipped, window, ...facts, missingMark: emptyMark(claim.streamId, skipped) };
  }
  if (inStep) return { kind: 'follow', point: head, window: listed(playlist), ...facts };
  const tail = mark?.tail ?? head;
  if (cannotRebuild || tail.sessionId !== head.sessionId || tail.mediaSequence >= head.mediaSequence)
    return { kind: 'after-mark', point: head, window, ...facts };
  return { kind: 'rebuild', point: tail, window, ...facts, rebuildTo: head };
}

function listed({ sessionId, segments, resumePoints }: PlaylistState): PlaylistWindow {
  return { sessionId, entries: segments, resumePoints };
}

/** The commit came through, and whoever made it died before the mark: edges and other packagers must learn of it. */
function missingMark(playlist: PlaylistState, mark: CommitMark | undefined): CommitMark | undefined {
  if (mark?.head.mediaSequence === playlist.head.mediaSequence) return undefined;
  return { streamId: playlist.streamId, tail: playlist.resumePoints[0] ?? playlist.head, head: playlist.head };
}

/** A mark that says which numbers come next, and nothing of segments before. */
export const emptyMark = (streamId: string, point: ResumePoint): CommitMark => ({ streamId, tail: point, head: point });

/** Epochs are milliseconds since 1970 and not before their session began, so this comes before all of its frames. */
const sessionStart = (claim: PublishClaim): FramePosition => ({ epoch: claim.sessionStartedAtMs, sequence: 0 });

function firstPoint(claim: PublishClaim): ResumePoint {
  return {
    position: sessionStart(claim),
    mediaSequence: 0,
    discontinuitySequence: 0,
    discontinuity: false,
    continuity: { pat: 0, pmt: 0, video: 0, audio: 0 },
    targetDurationSeconds: 0,
    epochZeroMs: claim.sessionStartedAtMs,
    sessionId: claim.sessionId,
  };
}

/**
 * Numbers and continuity counters go on from the older session. What may be left of its frames in the log, uncommitted when
 * its last packager died, stays out: its list was closed, or abandoned, before this session began.
 */
function newSession(head: ResumePoint, claim: PublishClaim): ResumePoint {
  const start = sessionStart(claim);
  const position = comparePositions(head.position, start) > 0 ? head.position : start;
  return {
    ...discontinuedAt(head, position),
    targetDurationSeconds: 0,
    epochZeroMs: position.epoch === claim.epoch ? claim.epochStartedAtMs : position.epoch,
    sessionId: claim.sessionId,
  };
}
