// A stream with viewers: one subscription, however many there are.
import { FrameKind, isConfiguration, isFirstTrack, isRandomAccess } from '@millrace/domain';
import type { Frame, FramePosition } from '@millrace/domain';
import type { FrameBus, FrameSubscriber, FrameSubscription, StartPosition } from '@millrace/frame-bus';
import type { Logger } from '@millrace/service-kit';
import { EpochTimeline } from './epoch-timeline.ts';
import type { GroupCache } from './group-cache.ts';
import { LiveBatch, LiveFrame } from './live-frame.ts';
import type { EndReason, LiveViewer } from './live-viewer.ts';
import type { Collecting, MergeClock } from './merge-clock.ts';
import { SessionEndDetector } from './session-end-detector.ts';
import type { LiveSession } from './session-end-detector.ts';
import type { SeenTracks, WireForm } from './wire-form.ts';

/** Players are not told of a publisher that is late by less than this. */
const INTERRUPTED_MS = 1_000;
/** More configuration frames in a row than any publisher sends. */
const MAX_CONFIGURATION_RUN = 16;
/** A stream that has shown one track for this long has no other. Half a second. */
const ONE_TRACK_90K = 45_000;
/** After this long without a frame the store is asked whether the session goes on. */
const QUIET_MS = 1_000;
/** Edges cut silent publishers; a feed that brings nothing for this long is opened anew. */
const STALLED_MS = 20_000;

export interface WatchedStreamOptions {
  readonly streamId: string;
  readonly frames: Pick<FrameBus, 'subscribe'>;
  readonly readSession: (streamId: string) => Promise<LiveSession | undefined>;
  readonly group: GroupCache;
  /** Frames of epochs before this one are those of a session that is over. */
  readonly firstEpoch: number;
  /** Says when collected frames are written. */
  readonly merging: MergeClock;
  readonly nowMs: () => number;
  readonly logger: Logger;
  readonly onGap: () => void;
  readonly onClosed: () => void;
}

export class WatchedStream implements FrameSubscriber, Collecting {
  readonly #options: WatchedStreamOptions;
  readonly #timeline = new EpochTimeline();
  readonly #session = new SessionEndDetector();
  readonly #viewers = new Set<LiveViewer>();
  readonly #forms = new Set<WireForm>();
  /** Configuration frames that wait for their media frame. */
  #run: Frame[] = [];
  #tracks: SeenTracks = NO_TRACKS;
  /** Whether all tracks are known, what waits for that, and the first frame that counts for it. */
  #isDescribed = false;
  readonly #describing = new Set<() => void>();
  #describedFrom90k: number | undefined;
  /** Frames that viewers are given together. */
  #collected: LiveFrame[] = [];
  #nextIndex = 0;
  #isInterrupted = false;
  #epoch: number;
  #last: FramePosition | undefined;
  #needsKeyframe = true;
  #lastFrameAtMs: number;
  #emptySinceMs: number;
  #isAsking = false;
  #subscription: FrameSubscription | undefined;
  #isClosed = false;

  constructor(options: WatchedStreamOptions) {
    this.#options = options;
    this.#epoch = options.firstEpoch;
    this.#lastFrameAtMs = this.#emptySinceMs = options.nowMs();
  }

  get viewers(): ReadonlySet<LiveViewer> {
    return this.#viewers;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Since when it has no viewer; undefined while it has one. */
  get emptySinceMs(): number | undefined {
    return this.#viewers.size === 0 ? this.#emptySinceMs : undefined;
  }

  /** What is known of its tracks; undefined before the first keyframe. */
  get tracks(): SeenTracks | undefined {
    return this.#tracks.hasVideo || this.#tracks.hasAudio ? this.#tracks : undefined;
  }

  /** Resolves once all tracks are known, or the stream is closed. Call `forget` when nothing waits for it any more. */
  whenDescribed(): { readonly promise: Promise<void>; readonly forget: () => void } {
    const { promise, resolve } = Promise.withResolvers<void>();
    if (this.#isDescribed || this.#isClosed) resolve();
    else this.#describing.add(resolve);
    // A stream that is only described has no viewer yet.
    this.#emptySinceMs = this.#options.nowMs();
    return { promise, forget: () => void this.#describing.delete(resolve) };
  }

  /** Begins to read. @throws FrameBusError when the bus is away */
  async open(): Promise<void> {
    await this.#subscribe({ from: 'keyframe' });
  }

  /** Adds a viewer: it begins with the newest group, or with the next one. */
  add(viewer: LiveViewer): void {
    // What is collected is part of the group.
    this.flush();
    viewer.epochBegins(this.#epoch);
    if (viewer.isOver) return;
    this.#viewers.add(viewer);
    if (!this.#forms.has(viewer.form)) {
      this.#forms.add(viewer.form);
      this.#options.group.addForm(viewer.form);
    }
    viewer.start(this.#options.group.frames, this.#tracks);
  }

  remove(viewer: LiveViewer): void {
    if (!this.#viewers.delete(viewer)) return;
    if (this.#viewers.size === 0) this.#emptySinceMs = this.#options.nowMs();
    for (const { form } of this.#viewers) if (form === viewer.form) return;
    // Those who came later would find frames that are not written in this form.
    this.#forms.delete(viewer.form);
  }

  /** Lets a paused viewer go on. */
  resume(viewer: LiveViewer): void {
    if (!this.#viewers.has(viewer)) return;
    this.flush();
    viewer.resume(this.#options.group.frames, this.#tracks);
  }

  onFrame(frame: Frame): void {
    this.#last = frame;
    if (frame.epoch < this.#epoch) return;
    this.#lastFrameAtMs = this.#options.nowMs();
    this.#session.reset();
    if (frame.epoch > this.#epoch) this.#beginEpoch(frame.epoch);
    // The protocols of viewers have one track of each kind.
    if (!isFirstTrack(frame)) return;
    if (frame.kind === FrameKind.end) return this.#interrupt(true);
    if (isConfiguration(frame)) {
      this.#run.push(frame);
      if (this.#run.length > MAX_CONFIGURATION_RUN) this.#run.shift();
      return;
    }
    const run = this.#run;
    this.#run = [];
    const isStart = isRandomAccess(frame);
    if (isStart) this.#needsKeyframe = false;
    if (this.#needsKeyframe) return;
    this.#interrupt(false);
    for (const each of run) this.#note(each);
    this.#note(frame);
    let startsGroup = isStart;
    for (const each of run) {
      this.#give(each, startsGroup);
      startsGroup = false;
    }
    this.#give(frame, startsGroup);
    this.#describe(frame);
  }

  onGap(): void {
    this.#options.onGap();
    this.flush();
    this.#run = [];
    // Pictures that refer to missing ones cannot be decoded.
    this.#needsKeyframe = true;
    this.#options.group.clear();
    for (const viewer of this.#viewers) viewer.broken();
  }

  flush(): void {
    this.#options.merging.forget(this);
    if (this.#collected.length === 0) return;
    const batch = new LiveBatch(this.#collected);
    this.#collected = [];
    for (const viewer of this.#viewers) viewer.pushBatch(batch, this.#tracks);
  }

  /** Called about once a second. */
  look(): void {
    for (const viewer of this.#viewers) viewer.look();
    const quietMs = this.#options.nowMs() - this.#lastFrameAtMs;
    if (quietMs >= INTERRUPTED_MS) this.#interrupt(true);
    if (quietMs >= QUIET_MS && this.#viewers.size > 0) void this.#askWhetherOver(quietMs);
  }

  /** Ends all viewers in good order and stops reading. */
  end(reason: EndReason): void {
    this.flush();
    for (const viewer of this.#viewers) viewer.end(reason);
    this.close();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#options.merging.forget(this);
    this.#collected = [];
    this.#subscription?.close();
    this.#options.group.close();
    this.#viewers.clear();
    for (const resolve of this.#describing) resolve();
    this.#options.onClosed();
  }

  /** A track may begin a little after the other, and without a configuration before the first keyframe. */
  #describe({ dts90k }: Frame): void {
    if (this.#isDescribed) return;
    this.#describedFrom90k ??= dts90k;
    const { hasVideo, hasAudio } = this.#tracks;
    if (!(hasVideo && hasAudio) && dts90k - this.#describedFrom90k < ONE_TRACK_90K) return;
    this.#isDescribed = true;
    for (const resolve of this.#describing) resolve();
    this.#describing.clear();
  }

  /** Says once, and only to viewers that have begun, that nothing comes, or that it comes again. */
  #interrupt(isInterrupted: boolean): void {
    if (this.#isInterrupted === isInterrupted) return;
    this.#isInterrupted = isInterrupted;
    this.flush();
    for (const viewer of this.#viewers) viewer.interruption(isInterrupted);
  }

  #note(frame: Frame): void {
    const { kind } = frame;
    const isVideo = kind === FrameKind.video;
    if (!isVideo && kind !== FrameKind.audio) return;
    const { hasVideo, hasAudio, videoConfiguration, audioConfiguration } = this.#tracks;
    const last = isVideo ? videoConfiguration : audioConfiguration;
    const isNews = isConfiguration(frame) && (frame.track ?? 0) === 0 && !isSame(last, frame);
    if ((isVideo ? hasVideo : hasAudio) && !isNews) return;
    // The payload is a view of a larger block.
    const configuration = isNews ? { ...frame, payload: frame.payload.slice() } : last;
    this.#tracks = isVideo
      ? { ...this.#tracks, hasVideo: true, videoConfiguration: configuration }
      : { ...this.#tracks, hasAudio: true, audioConfiguration: configuration };
  }

  #beginEpoch(epoch: number): void {
    this.flush();
    this.#epoch = epoch;
    for (const viewer of [...this.#viewers]) viewer.epochBegins(epoch);
    this.#run = [];
    this.#tracks = NO_TRACKS;
    this.#isDescribed = false;
    this.#describedFrom90k = undefined;
    // Its first keyframe is its first frame, unless the log has lost its beginning.
    this.#needsKeyframe = true;
  }

  #give(frame: Frame, startsGroup: boolean): void {
    const live = new LiveFrame(frame, this.#nextIndex++, this.#timeline.place(frame), startsGroup);
    // Once for each form, whether or not a viewer of it is there now.
    for (const form of this.#forms) live.bytesFor(form);
    this.#options.group.add(live);
    if (this.#viewers.size === 0) return;
    this.#collected.push(live);
    this.#options.merging.schedule(this);
  }

  async #subscribe(start: StartPosition): Promise<void> {
    const subscription = await this.#options.frames.subscribe(this.#options.streamId, start, this);
    if (this.#isClosed) subscription.close();
    else this.#subscription = subscription;
  }

  async #askWhetherOver(quietMs: number): Promise<void> {
    if (this.#isAsking) return;
    this.#isAsking = true;
    const { streamId, readSession, nowMs, logger } = this.#options;
    try {
      const heardAtMs = this.#lastFrameAtMs;
      const session = await readSession(streamId);
      if (this.#isClosed || this.#lastFrameAtMs !== heardAtMs) return;
      if (this.#session.observe(session, nowMs())) this.end('ended');
      else if (quietMs >= STALLED_MS && session?.isPublished === true) await this.#reopen();
    } catch (error) {
      logger.debug({ err: error, stream_id: streamId }, 'cannot determine whether a watched stream has ended');
    } finally {
      this.#isAsking = false;
    }
  }

  async #reopen(): Promise<void> {
    this.#lastFrameAtMs = this.#options.nowMs();
    this.#subscription?.close();
    this.#subscription = undefined;
    const last = this.#last;
    await this.#subscribe(
      last === undefined
        ? { from: 'keyframe' }
        : { from: 'position', position: { epoch: last.epoch, sequence: last.sequence + 1 } },
    );
  }
}

const NO_TRACKS: SeenTracks = { hasVideo: false, hasAudio: false };

const isSame = (a: Frame | undefined, b: Frame): boolean =>
  a !== undefined && a.codec === b.codec && Buffer.compare(a.payload, b.payload) === 0;
