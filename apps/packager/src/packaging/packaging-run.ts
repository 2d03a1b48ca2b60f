// One stretch of packaging under one lease: frames from the bus, through the segmenter, into the live store. It starts from a
// plan and ends with an outcome; the worker then starts the next one, or gives up.
import { comparePositions } from '@millrace/domain';
import type { Frame, FramePosition, PublishClaim } from '@millrace/domain';
import type { FrameBus, FrameSubscriber, FrameSubscription } from '@millrace/frame-bus';
import type { Lease, LiveStore } from '@millrace/live-store';
import type { Containers } from '../containers/containers.ts';
import type { LostSegment } from './close-open-segment.ts';
import { encoderZeroMs } from './encoder-dates.ts';
import { epochSession } from './epoch-session.ts';
import type { EpochSession } from './epoch-session.ts';
import type { FinishedSegment } from './finished-segment.ts';
import { HeldFeed } from './held-feed.ts';
import type { PackagingObserver } from './packaging-observer.ts';
import type { MarkRecorder } from './mark-recorder.ts';
import { SegmentCommitter } from './segment-committer.ts';
import type { CommitStop, CommittedSegments } from './segment-committer.ts';
import { Segmenter } from './segmenter.ts';
import type { SegmenterSettings } from './segmenter-settings.ts';
import { emptyMark, MAX_SEGMENTS_AHEAD_OF_MARK } from './start-plan.ts';
import type { StartPlan } from './start-plan.ts';

/** Why a run ended. */
export type RunOutcome =
  /**
   * Start again from what is committed. `learn`: from the beginning of the epoch. `rebuildFrom`: a lost window cannot be had
   * from before this position. `lost`: this segment is to be closed with the parts that are listed of it.
   */
  | {
      readonly kind: 'again';
      readonly why: string;
      readonly learn: boolean;
      readonly rebuildFrom: FramePosition | undefined;
      readonly lost: LostSegment | undefined;
    }
  /** Another packager has the lease. */
  | { readonly kind: 'lost' }
  /** It was closed. */
  | { readonly kind: 'closed' };

export interface PackagingRunOptions {
  readonly liveStore: LiveStore;
  readonly frameBus: FrameBus;
  readonly lease: Lease;
  readonly plan: StartPlan;
  /** The segment at the plan's point, made of the parts that are listed: the run begins behind it. */
  readonly closed: FinishedSegment | undefined;
  readonly claim: PublishClaim;
  readonly containers: Containers;
  /** Whether the frames of the epoch before the plan's point are read first. */
  readonly learn: boolean;
  readonly limits: PackagingLimits;
  readonly marks: MarkRecorder;
  readonly wallMs: () => number;
  readonly stopwatchMs: () => number;
  readonly observer: PackagingObserver;
  readonly onCommitted: (committed: CommittedSegments) => void;
  /** Frames of an epoch came that the newest claim seen does not know. */
  readonly onUnknownEpoch: (epoch: number) => void;
}

export interface PackagingLimits extends Omit<SegmenterSettings, 'segmentTargetMs' | 'keyRotationSegments'> {
  /** As many bytes of one stream may wait for the live store; then its frames are left in the log until it is back. */
  readonly maxPendingBytes: number;
  /** As many bytes may be gathered to put a lost window back in one commit; a longer one is not put back. */
  readonly maxRebuildBytes: number;
}

export class PackagingRun implements FrameSubscriber {
  /** Media frames and configurations taken from the bus: grows as long as the stream does. */
  framesTaken = 0;
  readonly outcome: Promise<RunOutcome>;
  readonly #options: PackagingRunOptions;
  readonly #segmenter: Segmenter;
  readonly #committer: SegmentCommitter;
  /** The first frame that is needed. */
  readonly #start: FramePosition;
  #claim: PublishClaim;
  /** The one before it, whose last segments may be still to cut. */
  #previous: PublishClaim | undefined;
  #epoch: number;
  #lastSequence: number;
  /** What came while it was not known whose frames these are. */
  #held: HeldFeed | undefined;
  #subscription: FrameSubscription | undefined;
  #resolve: (outcome: RunOutcome) => void = () => undefined;
  #isOver = false;
  /** Ends once what is on its way to the store is there. */
  #isLeaving = false;

  constructor(options: PackagingRunOptions) {
    this.#options = options;
    this.#claim = options.claim;
    this.outcome = new Promise((resolve) => (this.#resolve = resolve));
    const { plan, closed, limits, claim } = options;
    const point = closed?.after ?? plan.point;
    this.#start = point.position;
    this.#epoch = point.position.epoch;
    this.#lastSequence = Math.max(0, point.position.sequence - 1);
    const { segmentTargetMs, keyRotationSegments = 0 } = claim.settings;
    const settings = { ...limits, segmentTargetMs, keyRotationSegments };
    this.#segmenter = new Segmenter(point, {
      ...options,
      settings,
      allocate: (size) => options.liveStore.segmentPool.take(size),
      onSegment: (segment) => this.#committer.add(segment),
      onPart: (part) => this.#committer.addPart(part),
      languageOf: (epoch, track) => this.#languageOf(epoch, track),
      onLeftOut: (frame, reason) => options.observer.frameLeftOut(this.sessionId, frame, reason),
    });
    this.#committer = new SegmentCommitter({
      ...options,
      window: plan.window,
      head: plan.point,
      description: plan.description,
      expectedMediaSequence: plan.expectedMediaSequence,
      step: plan.step,
      rebuildTo: plan.rebuildTo,
      onCommitted: (committed) => this.#committed(committed),
      onPartsListed: (parts, seconds) => options.observer.partsListed(parts, seconds),
      onAdded: (segment) => options.observer.segmentFinished(segment),
      onNotRebuilt: (why, rebuildFrom) => this.#again(why, { rebuildFrom }),
      onOpenLost: (lost) => this.#openLost(lost),
      onFull: () => void this.#pause(),
      windowMs: () => this.#claim.settings.windowMs,
      audioTracks: () => this.#claim.settings.audioTracks,
      onAnswered: (seconds) => options.observer.storeWritten(seconds),
      onStopped: (stop) => this.#committerStopped(stop),
      onFailure: (error, attempt) => options.observer.commitFailed(error, attempt),
    });
    if (closed !== undefined) this.#committer.addClosed(closed);
  }

  get sessionId(): string {
    return this.#segmenter.point.sessionId;
  }

  /** Whether frames wait for the claim of their publisher. */
  get isWaitingForClaim(): boolean {
    return this.#held !== undefined;
  }

  /** Media frames that are in no segment. */
  get droppedFrames(): number {
    return this.#segmenter.droppedFrames;
  }

  /** Media frames taken and not committed. */
  get pendingFrames(): number {
    return this.#segmenter.openFrames + this.#committer.pendingFrames + (this.#held?.length ?? 0);
  }

  get pendingBytes(): number {
    return this.#committer.pendingBytes;
  }

  /** Begins to read. Rejects when the bus cannot be reached. */
  async start(): Promise<void> {
    const { frameBus, lease, learn } = this.#options;
    const { position } = this.#segmenter.point;
    const from = learn ? { epoch: position.epoch, sequence: 0 } : position;
    const subscription = await frameBus.subscribe(lease.streamId, { from: 'position', position: from }, this);
    if (this.#isOver) subscription.close();
    else this.#subscription = subscription;
  }

  onFrame(frame: Frame): void {
    if (this.#held === undefined) this.#take(frame);
    else if (!this.#held.addFrame(frame)) this.#again('too many frames of an unknown epoch');
  }

  onGap(expected: FramePosition, next: FramePosition): void {
    if (this.#held === undefined) this.#skip(expected, next);
    else this.#held.addGap(expected, next);
  }

  /** Tells of a newer claim. */
  observe(claim: PublishClaim): void {
    if (claim.epoch <= this.#claim.epoch) return;
    this.#previous = this.#claim;
    this.#claim = claim;
    const held = this.#held;
    if (held === undefined || this.#sessionOf(held.epoch) === undefined) return;
    this.#held = undefined;
    held.replay(this);
  }

  /** As it was set when the publisher of that epoch was allowed: what is cut keeps its map. */
  #languageOf(epoch: number, track: number): string | undefined {
    const previous = this.#previous;
    const { settings } = previous !== undefined && epoch <= previous.epoch ? previous : this.#claim;
    return settings.audioTracks?.find((named) => named.track === track)?.language;
  }

  /**
   * Ends the open segment and closes the list: the session is over. No frame is taken any more.
   * @returns whether everything is committed
   */
  async finishSession(): Promise<boolean> {
    this.#subscription?.close();
    this.#segmenter.finish(this.#behind());
    if (this.#committer.hasInherited) this.#openLost(this.#openAt(this.#behind()));
    else if (!this.#isLeaving) this.#committer.end();
    await this.#committer.settled();
    return !this.#isOver && !this.#isLeaving;
  }

  /** Stops reading, and commits the segments that are finished. What is open is left to the next packager. */
  async handOver(): Promise<void> {
    this.#subscription?.close();
    if (!this.#committer.isHolding) await this.#committer.settled();
    this.close();
  }

  /** Gives up what is not committed, and starts again from what is. */
  restart(why: string): void {
    this.#again(why);
  }

  /** Stops at once. */
  close(): void {
    this.#end({ kind: 'closed' });
  }

  #take(frame: Frame): void {
    if (this.#isDone || (frame.epoch !== this.#epoch && !this.#enterEpoch(frame))) return;
    this.framesTaken++;
    this.#lastSequence = frame.sequence;
    try {
      this.#segmenter.push(frame);
    } catch (error) {
      // Frames that no segment can be made of: reading them again would fail again, so they are given up.
      this.#options.observer.segmentAbandoned(error, this.#segmenter.openFrames);
      this.#abandon();
    }
    if (this.#segmenter.needsEarlierFrames) this.#again('the first segment needs earlier frames', { learn: true });
  }

  /** Parts of what is abandoned may be listed: then nothing else comes under their names. */
  #abandon(): void {
    const { mediaSequence } = this.#segmenter.point;
    this.#segmenter.abandon(this.#behind());
    if (this.#segmenter.point.mediaSequence !== mediaSequence) return;
    this.#committer.dropParts(mediaSequence);
    if (this.#committer.lists(mediaSequence)) this.#openLost(this.#openAt(this.#behind()));
  }

  /** The position behind the last frame taken. */
  #behind(): FramePosition {
    return { epoch: this.#epoch, sequence: this.#lastSequence + 1 };
  }

  /** @returns whether the frame can be taken now */
  #enterEpoch(frame: Frame): boolean {
    if (frame.epoch < this.#epoch) return false;
    const session = this.#sessionOf(frame.epoch);
    if (session === undefined) {
      this.#held = new HeldFeed(frame, this.#options.limits.maxPendingBytes);
      this.#options.onUnknownEpoch(frame.epoch);
      return false;
    }
    const sessionBefore = this.sessionId;
    const { sessionId } = session;
    const lost = { ...this.#openAt(this.#behind()), endsEpoch: true };
    this.#epoch = frame.epoch;
    const position = { epoch: frame.epoch, sequence: frame.sequence };
    this.#segmenter.startEpoch({ ...session, epochZeroMs: encoderZeroMs(frame) ?? session.epochZeroMs, position });
    if (this.#committer.hasInherited) this.#openLost(lost);
    else if (sessionId !== sessionBefore && !this.#isLeaving) this.#committer.end();
    return !this.#isLeaving;
  }

  #sessionOf(epoch: number): EpochSession | undefined {
    return epochSession(epoch, this.#claim, this.#segmenter.point, this.#options.plan.rebuildTo);
  }

  #skip(expected: FramePosition, next: FramePosition): void {
    const { plan, lease, marks, observer } = this.#options;
    // Read for its configuration only: nothing is missing of what is needed.
    if (this.#isDone || comparePositions(next, this.#start) <= 0) return;
    const isFirst = this.framesTaken === 0;
    if (this.#committer.isHolding)
      return this.#again('the log does not hold all of the lost window', { rebuildFrom: next });
    // A stream without any viewer of its first frames has lost nothing that was ever listed.
    if (!isFirst || this.#start.sequence > 0) observer.gap(expected, next, missingFrames(expected, next));
    if (isFirst && plan.kind === 'after-mark' && plan.numbersAreUncertain) {
      this.#segmenter.skipNumbers(MAX_SEGMENTS_AHEAD_OF_MARK);
      marks.record(emptyMark(lease.streamId, this.#segmenter.point));
    }
    // A new epoch ends the segment by itself.
    if (next.epoch !== this.#epoch) return;
    const lost = this.#openAt(next);
    this.#segmenter.gap(next);
    if (this.#committer.hasInherited) this.#openLost(lost);
  }

  /** The segment that is open, when what is behind it begins here. */
  #openAt(next: FramePosition): LostSegment {
    return { mediaSequence: this.#segmenter.point.mediaSequence, next, endsEpoch: false };
  }

  /** What is listed of the open segment stays as it is: the next run closes it. */
  #openLost(lost: LostSegment): void {
    if (this.#isLeaving) return;
    this.#isLeaving = true;
    this.#subscription?.close();
    void this.#committer
      .settled()
      .then(() => this.#again('the log does not hold what is listed of a segment', { lost }));
  }

  get #isDone(): boolean {
    return this.#isOver || this.#isLeaving;
  }

  /** The store does not keep up. Frames are left in the log, and read when what is cut already is committed. */
  async #pause(): Promise<void> {
    this.#subscription?.close();
    await this.#committer.settled();
    this.#again('too many segments waited for the live store');
  }

  /** What is committed was cut of every frame before the head, and has copies of what it took: none of them is read again. */
  #committed(committed: CommittedSegments): void {
    this.#subscription?.release(committed.playlist.head.position);
    this.#options.onCommitted(committed);
  }

  #committerStopped(stop: CommitStop): void {
    if (stop === 'stale_lease') this.#end({ kind: 'lost' });
    else this.#again('the live store has changed');
  }

  #again(
    why: string,
    { learn = false, rebuildFrom, lost }: Partial<Omit<Extract<RunOutcome, { kind: 'again' }>, 'kind' | 'why'>> = {},
  ): void {
    this.#end({ kind: 'again', why, learn, rebuildFrom, lost });
  }

  #end(outcome: RunOutcome): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#subscription?.close();
    this.#committer.close();
    this.#held = undefined;
    this.#resolve(outcome);
  }
}

const missingFrames = (expected: FramePosition, next: FramePosition): number | undefined =>
  expected.epoch === next.epoch ? next.sequence - expected.sequence : undefined;
