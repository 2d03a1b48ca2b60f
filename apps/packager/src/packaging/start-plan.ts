// Where a packager starts that has just got the lease: from what the live store and the commit mark say (pure).
import { comparePositions } from '@millrace/domain';
import type { CommitMark, FramePosition, ListedBreak, PublishClaim, ResumePoint } from '@millrace/domain';
import type { PlaylistState, StreamDescription } from '@millrace/live-store';
import { startOf } from '../containers/container.ts';
import type { Containers } from '../containers/containers.ts';
import { hasParts } from './close-open-segment.ts';
import { discontinuedAt, skippedAhead } from './finish-segment.ts';
import { isInStep } from './low-latency-window.ts';
import { emptyWindow } from './playlist-window.ts';
import type { PlaylistWindow } from './playlist-window.ts';

/**
 * Commits come to the store before their marks come to the bus; this many segments may be without at once. So this is how many
 * numbers a mark may be behind what viewers have seen.
 */
export const MAX_SEGMENTS_AHEAD_OF_MARK = 8;

export interface StartPlan {
  /**
   * - `follow`: the store has everything; go on after it.
   * - `rebuild`: the store has lost segments that were committed; cut them again, from the first point of the mark that the
   *   log holds to its head.
   * - `after-mark`: the same, but the log holds none of them, or they have a container that is not known here; go on at the
   *   head, with a discontinuity.
   * - `new-session`: what is committed belongs to an older session.
   * - `first`: nothing was ever committed.
   */
  readonly kind: 'follow' | 'rebuild' | 'after-mark' | 'new-session' | 'first';
  /** Before the first segment to cut. */
  readonly point: ResumePoint;
  /** What is listed already. */
  readonly window: PlaylistWindow;
  /** Commits of parts and segments so far, as the store counts them; 0 where it does not. */
  readonly step: number;
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
  readonly containers: Containers;
  readonly claim: PublishClaim;
  readonly playlist: PlaylistState | undefined;
  readonly mark: CommitMark | undefined;
  /** Where a rebuild may start at the earliest: it was tried, and what is before cannot be had. */
  readonly rebuildFrom: FramePosition | undefined;
}

/** From here on there is nothing to rebuild. */
export const REBUILD_NOTHING: FramePosition = { epoch: Number.MAX_SAFE_INTEGER, sequence: 0 };

/**
 * @returns `stale-claim` when the store knows of an older publisher only than the commits do: it was set back, and the edge
 *   will put its claim there again within a second
 */
export function chooseStart({ containers, claim, playlist, mark, rebuildFrom }: StartFacts): StartPlan | 'stale-claim' {
  const inStep = playlist !== undefined && (mark?.head.mediaSequence ?? 0) <= playlist.head.mediaSequence;
  const head = inStep ? playlist.head : mark?.head;
  const facts = {
    step: (inStep ? playlist.lowLatency?.step : undefined) ?? 0,
    expectedMediaSequence: inStep ? playlist.head.mediaSequence : undefined,
    rebuildTo: undefined,
    description: inStep ? playlist.description : undefined,
    markedMediaSequence: mark?.head.mediaSequence ?? 0,
    missingMark: inStep ? missingMark(playlist, mark) : undefined,
    numbersAreUncertain: !inStep,
  };
  const window = emptyWindow(claim.sessionId);
  if (head === undefined) return { kind: 'first', point: firstPoint(claim, containers), window, ...facts };
  if (head.sessionId !== claim.sessionId) {
    if (head.position.epoch > claim.epoch) return 'stale-claim';
    const point = newSession(inStep ? behindOpen(head, playlist) : head, claim, containers);
    if (inStep) return { kind: 'new-session', point, window, ...facts };
    const skipped = skippedAhead(point, MAX_SEGMENTS_AHEAD_OF_MARK);
    return { kind: 'new-session', point: skipped, window, ...facts, missingMark: emptyMark(claim.streamId, skipped) };
  }
  // Written by a newer release: its list cannot be gone on with, the numbers can.
  if (containers.find(head.container.name) === undefined) {
    const from = inStep ? behindOpen(head, playlist) : head;
    const point = discontinuedAt({ ...from, container: startOf(containers.first) }, from.position);
    return { kind: 'after-mark', point, window, ...facts };
  }
  if (inStep) return { kind: 'follow', point: head, window: listed(playlist), ...facts };
  const lost = lostPoints(mark, head);
  // Nothing was listed: nothing is missing.
  const marked = (from: ResumePoint): PlaylistWindow => withMarkedBreaks(window, mark, from);
  if (lost.length === 0) return { kind: 'after-mark', point: head, window: marked(head), ...facts };
  const point = lost.find(({ position }) => rebuildFrom === undefined || comparePositions(position, rebuildFrom) >= 0);
  if (point !== undefined) return { kind: 'rebuild', point, window: marked(point), ...facts, rebuildTo: head };
  return { kind: 'after-mark', point: discontinuedAt(head, head.position), window: marked(head), ...facts };
}

/** The list is not gone on with: what viewers have parts of stays as it is, so its number is not used again. */
function behindOpen(head: ResumePoint, { lowLatency }: PlaylistState): ResumePoint {
  const isShown = lowLatency !== undefined && hasParts(lowLatency.window.open);
  return isShown ? { ...head, mediaSequence: head.mediaSequence + 1, discontinuity: false } : head;
}

/** What the mark knows of breaks before a point: the frames behind it tell of the others. */
function withMarkedBreaks(window: PlaylistWindow, mark: CommitMark | undefined, from: ResumePoint): PlaylistWindow {
  const isBefore = ({ listedWith }: { readonly listedWith: number }): boolean => listedWith < from.mediaSequence;
  const breaks = (mark?.breaks ?? [])
    .filter(isBefore)
    .map(({ end, ...begun }): ListedBreak => (end !== undefined && isBefore(end) ? { ...begun, end } : begun));
  return breaks.length === 0 ? window : { ...window, breaks };
}

/** Before each listed segment that the mark knows of, the oldest first. */
function lostPoints(mark: CommitMark | undefined, head: ResumePoint): ResumePoint[] {
  if (mark === undefined) return [];
  return [mark.tail, ...(mark.between ?? [])].filter(
    ({ sessionId, mediaSequence, container }) =>
      sessionId === head.sessionId && mediaSequence < head.mediaSequence && container.name === head.container.name,
  );
}

/** The mark of a playlist. */
export function markOf(playlist: Pick<PlaylistState, 'streamId' | 'resumePoints' | 'head' | 'breaks'>): CommitMark {
  const { streamId, resumePoints, head, breaks } = playlist;
  const [tail = head, ...between] = resumePoints;
  return { streamId, tail, head, between, ...(breaks && { breaks }) };
}

function listed({ sessionId, segments, resumePoints, breaks, lowLatency, head }: PlaylistState): PlaylistWindow {
  const isUsable = lowLatency !== undefined && isInStep(lowLatency.window, head);
  return {
    sessionId,
    entries: segments,
    resumePoints,
    ...(breaks && { breaks }),
    ...(isUsable && { lowLatency: lowLatency.window }),
  };
}

/** The commit succeeded, and its packager died before it recorded the mark: edges and other packagers must learn of it. */
function missingMark(playlist: PlaylistState, mark: CommitMark | undefined): CommitMark | undefined {
  if (mark?.head.mediaSequence === playlist.head.mediaSequence) return undefined;
  return markOf(playlist);
}

/** A mark that says which numbers come next, and nothing of segments before. */
export const emptyMark = (streamId: string, point: ResumePoint): CommitMark => ({ streamId, tail: point, head: point });

/** Epochs are milliseconds since 1970 and not before their session began, so this comes before all of its frames. */
const sessionStart = (claim: PublishClaim): FramePosition => ({ epoch: claim.sessionStartedAtMs, sequence: 0 });

function firstPoint(claim: PublishClaim, containers: Containers): ResumePoint {
  return {
    position: sessionStart(claim),
    mediaSequence: 0,
    discontinuitySequence: 0,
    discontinuity: false,
    container: startOf(containers.first),
    targetDurationSeconds: 0,
    epochZeroMs: claim.sessionStartedAtMs,
    ...latencyOf(claim),
    sessionId: claim.sessionId,
  };
}

/**
 * Numbers and the state of the container go on from the older session. What may be left of its frames in the log, uncommitted when
 * its last packager died, stays out: its list was closed, or abandoned, before this session began.
 */
function newSession(head: ResumePoint, claim: PublishClaim, containers: Containers): ResumePoint {
  const start = sessionStart(claim);
  const position = comparePositions(head.position, start) > 0 ? head.position : start;
  const container = containers.find(head.container.name) === undefined ? startOf(containers.first) : head.container;
  const { partDurationMs: _, ...point } = discontinuedAt(head, position);
  return {
    ...point,
    container,
    targetDurationSeconds: 0,
    // Who had a key of the older session has none of this one.
    keySequence: undefined,
    ladder: undefined,
    epochZeroMs: position.epoch === claim.epoch ? claim.epochStartedAtMs : position.epoch,
    ...latencyOf(claim),
    sessionId: claim.sessionId,
  };
}

/** A session keeps the latency that it began with: what its playlists say of parts may not change. */
const latencyOf = ({ settings: { partDurationMs } }: PublishClaim): Pick<ResumePoint, 'partDurationMs'> =>
  partDurationMs === undefined ? {} : { partDurationMs };
