// Commits the segments of one stream, one commit after another, while the next ones are being cut.
//
// Order: the live store first, then the mark on the frame bus. A mark tells edges to forget frames and other packagers which
// numbers are taken, so it must never speak of a commit that was refused: the fencing token guards the store, not the bus.
// Killed before the commit: nothing happened, the next packager cuts the same bytes from the same head. Killed between commit and
// mark: the store is ahead of the mark, the next packager goes on from the store and records the mark. Killed later: both are
// there. Killed while it rebuilds the window: that is one commit, so the next packager begins it anew.
import type { AudioTrackName, FramePosition, ResumePoint } from '@millrace/domain';
import type {
  CommitOutcome,
  CommittedFile,
  Lease,
  LiveStore,
  LowLatencyState,
  LowLatencyWindow,
  PartCommit,
  PlaylistState,
  SegmentCommit,
  StreamDescription,
} from '@millrace/live-store';
import { renditionNames, renditionValues } from '@millrace/live-store';
import { backOffMs, pause } from './back-off.ts';
import type { FinishedSegment, SegmentMap } from './finished-segment.ts';
import { samePoint } from './finish-segment.ts';
import { hasParts } from './close-open-segment.ts';
import type { LostSegment } from './close-open-segment.ts';
import { appendPart, lowLatencyState } from './low-latency-window.ts';
import { appendSegment, formatWindow, retentionMs, segmentEntry } from './playlist-window.ts';
import type { PlaylistWindow } from './playlist-window.ts';
import type { MarkRecorder } from './mark-recorder.ts';
import type { FinishedPart } from './part-cutter.ts';
import { MAX_SEGMENTS_AHEAD_OF_MARK, REBUILD_NOTHING } from './start-plan.ts';
import { describeStream } from './stream-description.ts';

/** A commit takes no further segment when it has as many bytes: the store does it in one step, and others wait. */
const FULL_COMMIT_BYTES = 16 * 1024 * 1024;

/** How long to wait before it is asked again how far marks are recorded. */
const MARK_PAUSE_MS = 10;

export interface CommittedSegments {
  readonly segments: readonly FinishedSegment[];
  readonly playlist: PlaylistState;
}

/** Why a committer stopped by itself. */
export type CommitStop = Exclude<CommitOutcome['outcome'], 'committed'>;

export interface SegmentCommitterOptions {
  readonly liveStore: LiveStore;
  readonly lease: Lease;
  readonly window: PlaylistWindow;
  readonly head: ResumePoint;
  readonly description: StreamDescription | undefined;
  readonly expectedMediaSequence: number | undefined;
  /** Of the last commit, as the store counts them. */
  readonly step: number;
  /** The state that a lost window ends with. Nothing is committed until segments up to it are there; they go in one commit. */
  readonly rebuildTo: ResumePoint | undefined;
  /** How many bytes may wait, and how many a lost window may have. */
  readonly limits: { readonly maxPendingBytes: number; readonly maxRebuildBytes: number };
  /** How many milliseconds the list holds. */
  readonly windowMs: () => number;
  /** What the tenant calls its tracks of sound. */
  readonly audioTracks?: () => readonly AudioTrackName[] | undefined;
  readonly wallMs: () => number;
  /** How far commit marks are recorded. */
  readonly marks: Pick<MarkRecorder, 'markedMediaSequence' | 'settled'>;
  readonly stopwatchMs: () => number;
  /** Told how long the store took for each commit that it answered. */
  readonly onAnswered: (seconds: number) => void;
  /** Told of parts that are listed now, before their segment is, and how long after the first of them was finished. */
  readonly onPartsListed: (parts: number, seconds: number) => void;
  /** Told of each segment, before anything else. */
  readonly onAdded: (segment: FinishedSegment) => void;
  /** The lost window cannot be put back. @param from where to try next */
  readonly onNotRebuilt: (why: string, from: FramePosition) => void;
  /** Of the segment that is open, other parts are cut now than are listed. */
  readonly onOpenLost: (lost: LostSegment) => void;
  /** More waits than may: no more should be added until what waits is committed. */
  readonly onFull: () => void;
  readonly onCommitted: (committed: CommittedSegments) => void;
  readonly onStopped: (stop: CommitStop) => void;
  readonly onFailure: (error: unknown, attempt: number) => void;
}

/** What the store has answered, and how often it was asked. */
interface AnsweredCommit {
  readonly outcome: CommitOutcome['outcome'];
  readonly attempts: number;
}

/** What waits: a segment, or the end of the session whose segments came before. */
type Waiting = FinishedSegment | 'end';

export class SegmentCommitter {
  /** Bytes of the segments that are not committed. */
  pendingBytes = 0;
  readonly #options: SegmentCommitterOptions;
  readonly #abort = new AbortController();
  #queue: Waiting[] = [];
  /** Parts that are not committed. They go with their segment, or before it. */
  #parts: FinishedPart[] = [];
  #step: number;
  /** When the oldest of these parts was added, by the stopwatch. */
  #partsSinceMs = 0;
  #window: PlaylistWindow;
  #head: ResumePoint;
  #description: StreamDescription | undefined;
  #expected: number | undefined;
  #rebuildTo: ResumePoint | undefined;
  /** What is listed of the segment behind the head, until that is cut again: it must come out the same. */
  #inherited: LowLatencyWindow['open'] | undefined;
  #committing: Promise<void> | undefined;

  constructor(options: SegmentCommitterOptions) {
    this.#options = options;
    this.#window = options.window;
    this.#head = options.head;
    this.#description = options.description;
    this.#expected = options.expectedMediaSequence;
    this.#step = options.step;
    this.#rebuildTo = options.rebuildTo;
    const { lowLatency } = options.window;
    if (lowLatency !== undefined && hasParts(lowLatency.open)) this.#inherited = lowLatency.open;
  }

  /** Before the first segment that is listed. */
  get tail(): ResumePoint {
    return this.#window.resumePoints[0] ?? this.#head;
  }

  get isHolding(): boolean {
    return this.#rebuildTo !== undefined;
  }

  /** Whether parts are listed that another run has cut, and their segment has not been cut again. */
  get hasInherited(): boolean {
    return this.#inherited !== undefined;
  }

  /** Whether parts of the segment with this number are listed, or about to be. */
  lists(mediaSequence: number): boolean {
    const { lowLatency } = this.#window;
    return this.#head.mediaSequence === mediaSequence && lowLatency !== undefined && hasParts(lowLatency.open);
  }

  /** Frames in the segments that wait. */
  get pendingFrames(): number {
    let sum = 0;
    for (const waiting of this.#queue) if (waiting !== 'end') sum += waiting.videoFrames + waiting.audioFrames;
    return sum;
  }

  /** Adds a part of the segment that is being gathered, before that is added. */
  addPart(part: FinishedPart): void {
    if (!isAsListed(part, this.#inherited)) return this.#openLost(part.before.position);
    if (this.#parts.length === 0) this.#partsSinceMs = this.#options.stopwatchMs();
    this.#parts.push(part);
    this.pendingBytes += part.bytes.length;
    if (this.#rebuildTo !== undefined) return;
    this.#start();
    if (this.pendingBytes > this.#options.limits.maxPendingBytes) this.#options.onFull();
  }

  add(segment: FinishedSegment): void {
    const { limits, onAdded, onNotRebuilt, onFull } = this.#options;
    if (!hasListed(segment, this.#inherited)) return this.#openLost(segment.before.position);
    this.#inherited = undefined;
    onAdded(segment);
    const target = this.#rebuildTo;
    if (target !== undefined && segment.after.mediaSequence >= target.mediaSequence) {
      this.#rebuildTo = undefined;
      if (!samePoint(segment.after, target))
        return onNotRebuilt('the log yields other segments than were committed', REBUILD_NOTHING);
    }
    this.#queue.push(segment);
    this.pendingBytes += bytesOf(segment);
    if (this.#rebuildTo === undefined) {
      this.#start();
      if (this.pendingBytes > limits.maxPendingBytes) onFull();
    } else if (this.pendingBytes > limits.maxRebuildBytes) {
      // What was cut so far is as much as can be put back at once: it is left out, and what is behind it is tried.
      onNotRebuilt('the lost window is too large', segment.after.position);
    }
  }

  /** Adds the segment behind the head, made of the parts that are listed: it cannot be cut again. Before any other. */
  addClosed(segment: FinishedSegment): void {
    this.#inherited = undefined;
    this.add(segment);
  }

  #openLost(next: FramePosition): void {
    this.#options.onOpenLost({ mediaSequence: this.#head.mediaSequence, next, endsEpoch: false });
  }

  /** Forgets the parts of the segment with this number that are not committed: it will not be whole. */
  dropParts(mediaSequence: number): void {
    this.#parts = this.#parts.filter((part) => {
      if (part.before.mediaSequence !== mediaSequence) return true;
      this.pendingBytes -= part.bytes.length;
      return false;
    });
  }

  /** Closes the list behind the segments added so far. One that is being rebuilt and is not whole yet stays as it is. */
  end(): void {
    if (this.#rebuildTo !== undefined) this.#drop();
    this.#queue.push('end');
    this.#start();
  }

  /** Forgets the segments that wait. */
  #drop(): void {
    for (const waiting of this.#queue) if (waiting !== 'end') this.pendingBytes -= bytesOf(waiting);
    for (const { bytes } of this.#parts) this.pendingBytes -= bytes.length;
    this.#queue = [];
    this.#parts = [];
  }

  /** Resolves when everything is committed, or the committer has stopped. */
  async settled(): Promise<void> {
    await this.#committing;
  }

  /** Stops at once. A commit that is under way may still come through. */
  close(): void {
    this.#abort.abort();
    this.#drop();
  }

  #start(): void {
    // A moment later, so that what is added in one go is committed in one go.
    this.#committing ??= Promise.resolve()
      .then(() => this.#commitAll())
      .finally(() => (this.#committing = undefined));
  }

  async #commitAll(): Promise<void> {
    while (!this.#abort.signal.aborted) {
      const parts = this.#queue.length === 0 ? this.#takeParts() : [];
      if (this.#queue.length === 0 && parts.length === 0) {
        if (!this.#havePartsToList || this.#marksReach) return;
        await this.#awaitMarks();
        continue;
      }
      if (this.#queue.length === 0) {
        if (!(await this.#commitParts(parts))) return;
        continue;
      }
      const { segments, ended } = this.#takeBatch();
      if (segments.length === 0 && !ended) {
        await this.#awaitMarks();
        continue;
      }
      const sooner = this.#takePartsOf(segments);
      const commit = this.#commitOf(segments, sooner, ended);
      if (commit === undefined) continue;
      const bytes = segments.reduce((sum, segment) => sum + bytesOf(segment), 0);
      const sent = await this.#send(() => this.#options.liveStore.commit(commit));
      this.pendingBytes -= bytes;
      if (!this.#isCommitted(sent?.outcome)) return;
      this.#expected = commit.playlist.head.mediaSequence;
      this.#head = commit.playlist.head;
      this.#description = commit.playlist.description;
      this.#options.onCommitted({ segments, playlist: commit.playlist });
      // Of a commit that was sent before, a copy may still be on its way.
      if (sent?.attempts === 1) this.#release(segments);
    }
  }

  async #awaitMarks(): Promise<void> {
    await this.#options.marks.settled();
    await pause(MARK_PAUSE_MS, this.#abort.signal);
  }

  /** @returns whether it goes on */
  #isCommitted(outcome: CommitOutcome['outcome'] | undefined): boolean {
    if (outcome === 'committed') return true;
    if (outcome !== undefined) {
      this.close();
      this.#options.onStopped(outcome);
    }
    return false;
  }

  async #commitParts(parts: readonly FinishedPart[]): Promise<boolean> {
    const sinceMs = this.#partsSinceMs;
    const lowLatency = this.#listParts(parts);
    if (lowLatency === undefined) return true;
    const { lease, windowMs, wallMs, liveStore } = this.#options;
    const { entries } = this.#window;
    const commit: PartCommit = {
      lease,
      files: filesOf([], parts),
      expectedMediaSequence: this.#head.mediaSequence,
      lowLatency,
      retentionMs: retentionMs(entries, windowMs(), this.#head.targetDurationSeconds),
      updatedAtMs: wallMs(),
    };
    const sent = await this.#send(() => liveStore.commitParts(commit));
    if (!this.#isCommitted(sent?.outcome)) return false;
    this.#options.onPartsListed(parts.length, (this.#options.stopwatchMs() - sinceMs) / 1_000);
    return true;
  }

  /** The list with these parts; undefined when it has them already. */
  #listParts(parts: readonly FinishedPart[]): LowLatencyState | undefined {
    const before = this.#window.lowLatency;
    if (before === undefined) return undefined;
    const lowLatency = parts.reduce(appendPart, before);
    if (lowLatency === before) return undefined;
    this.#window = { ...this.#window, lowLatency };
    return lowLatencyState(lowLatency, this.#head, false, ++this.#step);
  }

  /** Takes the parts that can be listed now: of the segment behind the last one that is listed. */
  #takeParts(): FinishedPart[] {
    if (!this.#havePartsToList || !this.#marksReach) return [];
    const taken: FinishedPart[] = [];
    this.#parts = this.#parts.filter((part) => {
      if (!this.#isOfHead(part)) return true;
      taken.push(part);
      this.pendingBytes -= part.bytes.length;
      return false;
    });
    return taken;
  }

  get #havePartsToList(): boolean {
    const isListing = this.#window.lowLatency !== undefined && this.#expected !== undefined;
    return isListing && this.#parts.some((part) => this.#isOfHead(part));
  }

  #isOfHead({ before }: FinishedPart): boolean {
    return before.mediaSequence === this.#head.mediaSequence && before.sessionId === this.#window.sessionId;
  }

  /** What a mark does not cover yet may be seen by viewers no further than the next packager leaves numbers out. */
  get #marksReach(): boolean {
    return this.#head.mediaSequence < this.#options.marks.markedMediaSequence + MAX_SEGMENTS_AHEAD_OF_MARK;
  }

  /** Takes the parts of these segments. */
  #takePartsOf(segments: readonly FinishedSegment[]): FinishedPart[] {
    const next = segments.at(-1)?.after.mediaSequence ?? 0;
    const taken = this.#parts.filter((part) => part.before.mediaSequence < next);
    this.#parts = this.#parts.filter((part) => part.before.mediaSequence >= next);
    for (const { bytes } of taken) this.pendingBytes -= bytes.length;
    return taken;
  }

  /** Takes segments of one session, and its end when that follows; nothing when marks must be recorded first. */
  #takeBatch(): { segments: FinishedSegment[]; ended: boolean } {
    // A window that was lost is put back whole, or viewers would see its numbers go back.
    const mostBytes = this.#expected === undefined ? Infinity : FULL_COMMIT_BYTES;
    const mostMediaSequence = this.#options.marks.markedMediaSequence + MAX_SEGMENTS_AHEAD_OF_MARK;
    const segments: FinishedSegment[] = [];
    let bytes = 0;
    while (bytes < mostBytes) {
      const next = this.#queue[0];
      if (next === undefined) break;
      if (next === 'end') {
        this.#queue.shift();
        return { segments, ended: true };
      }
      if (next.after.mediaSequence > mostMediaSequence) break;
      if (segments.length > 0 && segments[0]!.before.sessionId !== next.before.sessionId) break;
      segments.push(next);
      bytes += next.bytes.length;
      this.#queue.shift();
    }
    return { segments, ended: false };
  }

  /** @returns undefined when there is nothing to list, and so nothing to close */
  #commitOf(
    segments: readonly FinishedSegment[],
    parts: readonly FinishedPart[],
    ended: boolean,
  ): SegmentCommit | undefined {
    const windowMs = this.#options.windowMs();
    let window = this.#window;
    for (const segment of segments) window = appendSegment(window, segment, windowMs);
    const newest = segments.at(-1);
    const head = newest?.after ?? this.#head;
    const description =
      newest === undefined
        ? this.#description
        : describeStream(newest, window, this.#description, this.#options.audioTracks?.());
    if (window.entries.length === 0 || description === undefined) return undefined;
    this.#window = window;
    const { lease } = this.#options;
    const playlist: PlaylistState = {
      streamId: lease.streamId,
      sessionId: window.sessionId,
      text: formatWindow(window, head, ended),
      segments: window.entries,
      ended,
      head,
      resumePoints: window.resumePoints,
      description,
      ...(window.breaks && { breaks: window.breaks }),
      updatedAtMs: this.#options.wallMs(),
      ...(window.lowLatency && { lowLatency: lowLatencyState(window.lowLatency, head, ended, ++this.#step) }),
    };
    return {
      lease,
      segments: segments.map((segment) => ({ entry: segmentEntry(segment), bytes: segment.bytes })),
      ...mapsOf(segments),
      ...(window.lowLatency && { files: filesOf(segments, parts) }),
      playlist,
      expectedMediaSequence: this.#expected,
      retentionMs: retentionMs(window.entries, windowMs, head.targetDurationSeconds),
    };
  }

  /** Sends the very same commit until the store answers: it may have come through although its answer was lost. */
  async #send(commit: () => Promise<CommitOutcome>): Promise<AnsweredCommit | undefined> {
    for (let failures = 0; !this.#abort.signal.aborted; failures++) {
      const sentMs = this.#options.stopwatchMs();
      try {
        const { outcome } = await commit();
        this.#options.onAnswered((this.#options.stopwatchMs() - sentMs) / 1_000);
        return { outcome, attempts: failures + 1 };
      } catch (error) {
        this.#options.onFailure(error, failures + 1);
        await pause(backOffMs(failures), this.#abort.signal);
      }
    }
    return undefined;
  }

  /** Gives memory back that is not read any more, unless the store keeps it. That of parts is: their segments are made of it. */
  #release(segments: readonly FinishedSegment[]): void {
    const { segmentPool } = this.#options.liveStore;
    for (const { bytes, renditions = {} } of segments) {
      segmentPool.release(bytes);
      for (const rendition of renditionValues(renditions)) segmentPool.release(rendition.bytes);
    }
  }
}

/** Whether a part is the one that is listed under its name, if one is. */
function isAsListed(part: FinishedPart, inherited: LowLatencyWindow['open'] | undefined): boolean {
  const rendition = inherited?.renditions[part.rendition];
  const listed = rendition?.parts[part.index];
  if (rendition === undefined || listed === undefined) return true;
  const { name, ticks, independent, map, programDateTimeMs } = part;
  return (
    listed.name === name &&
    listed.ticks === ticks &&
    listed.independent === independent &&
    rendition.map.name === map.name &&
    rendition.programDateTimeMs === programDateTimeMs
  );
}

/** Whether a segment has all parts that are listed of it. */
const hasListed = ({ renditions = {} }: FinishedSegment, inherited: LowLatencyWindow['open'] | undefined): boolean =>
  inherited === undefined ||
  renditionNames(inherited.renditions).every(
    (name) => (renditions[name]?.parts.length ?? 0) >= inherited.renditions[name]!.parts.length,
  );

/** What a segment takes in memory: with its renditions, whose parts count by themselves until they are committed. */
function bytesOf({ bytes, renditions = {} }: FinishedSegment): number {
  return renditionValues(renditions).reduce((sum, rendition) => sum + rendition.bytes.length, bytes.length);
}

/** Renditions of segments, and parts, as files, with the initialisation maps that they need. */
function filesOf(segments: readonly FinishedSegment[], parts: readonly FinishedPart[]): CommittedFile[] {
  const files = new Map<string, CommittedFile>();
  const whole = segments.flatMap(({ renditions = {} }) => renditionValues(renditions));
  for (const { name, contentType, bytes, map } of [...whole, ...parts]) {
    files.set(map.name, map);
    files.set(name, { name, contentType, bytes });
  }
  return [...files.values()];
}

/** Their initialisation maps, each once; nothing where they have none. */
function mapsOf(segments: readonly FinishedSegment[]): Pick<SegmentCommit, 'maps'> {
  const byName = new Map<string, SegmentMap>();
  for (const { map } of segments) if (map !== undefined) byName.set(map.name, map);
  if (byName.size === 0) return {};
  const maps = [...byName.values()].map(({ name, contentType, bytes }) => ({ map: { name, contentType }, bytes }));
  return { maps };
}
