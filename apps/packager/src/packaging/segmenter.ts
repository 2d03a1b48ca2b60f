// Cuts the frames of one stream into segments. Pure: the same log gives the same segments, byte for byte, from any resume
// point. So no clock, no arrival time and nothing that a ResumePoint and the log do not tell may decide anything here.
import {
  FrameFlag,
  FrameKind,
  isConfiguration,
  isFirstTrack,
  isKeyframe,
  isRandomAccess,
  TICKS_PER_MS,
} from '@millrace/domain';
import type { Frame, FramePosition, ResumePoint } from '@millrace/domain';
import { renditionValues } from '@millrace/live-store';
import { findTrack, withTrack } from '@millrace/media';
import type { Track, Tracks } from '@millrace/media';
import type { Allocate, Container } from '../containers/container.ts';
import { isCarriedInCmaf } from '../containers/cmaf.ts';
import type { Containers } from '../containers/containers.ts';
import { cutBefore, cutLimits } from './cut-decision.ts';
import type { CutLimits } from './cut-decision.ts';
import { closerTo, datedBy } from './encoder-dates.ts';
import type { EpochStart } from './epoch-session.ts';
import { beforeNextEpoch, discontinuedAt, finishSegment, skippedAhead, withoutStepBack } from './finish-segment.ts';
import type { GatheredSegment } from './finish-segment.ts';
import type { CutReason, FinishedSegment } from './finished-segment.ts';
import { FurtherTrackState } from './further-track-state.ts';
import { HeldAudio } from './held-audio.ts';
import { leftOut } from './left-out.ts';
import type { LeftOutReason } from './left-out.ts';
import { OpenSegment } from './open-segment.ts';
import type { InnerKeyframe } from './open-segment.ts';
import type { SegmenterSettings } from './segmenter-settings.ts';
import { PartCutter } from './part-cutter.ts';
import type { FinishedPart, FinishedRenditions, LanguageOf } from './part-cutter.ts';
import { longestSegmentMs } from './target-duration.ts';
import { mayBeTimed } from './timed-metadata.ts';
import { endsBetween, TrackState } from './track-state.ts';

export interface SegmenterOptions {
  readonly settings: SegmenterSettings;
  /** That of the resume point is among them. */
  readonly containers: Containers;
  /** Called with each segment as soon as it is finished, from inside the call that finished it. */
  readonly onSegment: (segment: FinishedSegment) => void;
  /** Called with each part of a segment as soon as it is finished, before its segment. Only in sessions with low latency. */
  readonly onPart?: (part: FinishedPart) => void;
  /** Of tracks of sound, for their initialisation maps. */
  readonly languageOf?: LanguageOf;
  /** Called with each frame that is left out. */
  readonly onLeftOut?: (frame: Frame, reason: LeftOutReason) => void;
  /** Whether frames before the point will be pushed first, because `needsEarlierFrames` said so. */
  readonly learn?: boolean;
  /** Gives the memory of segments. */
  readonly allocate?: Allocate;
  /** Measures how long segments take to make; decides nothing. */
  readonly stopwatchMs?: () => number;
}

/**
 * - `learning`: frames before the resume point; only their configurations count.
 * - `waiting`: for a frame that decoding can start with.
 * - `ready`: the next media frame starts the segment, keyframe or not: the one before it was in the last segment.
 * - `open`: frames are being gathered.
 */
type State = 'learning' | 'waiting' | 'ready' | 'open';

interface FurtherFrame {
  readonly frame: Frame;
  /** Undefined for a configuration. */
  readonly track: Track | undefined;
}

export class Segmenter {
  /** Media frames that are in no segment: nothing can be decoded with them, or they cannot be carried. */
  droppedFrames = 0;
  #settings: SegmenterSettings;
  readonly #stopwatchMs: () => number;
  readonly #open = new OpenSegment();
  readonly #held = new HeldAudio();
  readonly #parts: PartCutter;
  readonly #container: Container;
  readonly #allocate: Allocate;
  readonly #tracks: TrackState;
  readonly #further = new FurtherTrackState();
  /** Frames of further tracks in the open segment, where there are no parts: what reading it again would read. */
  #gathered: FurtherFrame[] = [];
  #limits: CutLimits;
  #state: State;
  #point: ResumePoint;
  /** Pictures shown before this lead the recovery point that the segment starts with. */
  #leadsBefore90k = -Infinity;
  /** The newest frame before the resume point that was learned from. */
  #learnedSequence = 0;
  readonly #onSegment: (segment: FinishedSegment) => void;
  readonly #onLeftOut: (frame: Frame, reason: LeftOutReason) => void;
  #mayNeedEarlierFrames: boolean;
  #needsEarlierFrames = false;

  /** @param point the state before the segment to cut next */
  constructor(point: ResumePoint, options: SegmenterOptions) {
    this.#point = point;
    this.#container = options.containers.get(point.container.name);
    this.#tracks = new TrackState(
      (track) => this.#container.carries(track) || (this.#isPlain && isCarriedInCmaf(track)),
    );
    this.#settings = options.settings;
    this.#stopwatchMs = options.stopwatchMs ?? (() => 0);
    this.#onSegment = options.onSegment;
    this.#allocate = options.allocate ?? ((size) => Buffer.allocUnsafeSlow(size));
    this.#parts = new PartCutter(
      (part) => {
        // Without parts, the segment alone is listed.
        if (this.#hasParts) options.onPart?.(part);
      },
      this.#allocate,
      options.languageOf,
    );
    this.#onLeftOut = options.onLeftOut ?? (() => undefined);
    this.#limits = cutLimits(point, options.settings);
    const learn = options.learn === true;
    this.#state = learn ? 'learning' : 'waiting';
    // Sequences count from 1: nothing comes before that.
    this.#mayNeedEarlierFrames = !learn && point.position.sequence > 1;
  }

  /** The state before the segment that is open, or comes next. */
  get point(): ResumePoint {
    return this.#point;
  }

  /** Frames that wait for their segment's end. */
  get openFrames(): number {
    return this.#open.frames.length;
  }

  /**
   * The segment at the resume point starts in the middle of something: which tracks there are, only earlier frames tell. Start
   * again from the beginning of the epoch, with `learn`. Settled by the first media frame.
   */
  get needsEarlierFrames(): boolean {
    return this.#needsEarlierFrames;
  }

  /** Takes the next frame of the log, of the epoch of `point`. */
  push(given: Frame): void {
    if (this.#state === 'learning') {
      const { position } = this.#point;
      if (given.epoch === position.epoch && given.sequence < position.sequence) return this.#learn(given);
      this.#finishLearning();
    }
    if (this.#point.position.sequence === 0) this.#moveTo({ ...this.#point, position: positionOf(given) });
    const reason = leftOut(given, this.#isPlain);
    if (reason !== undefined) {
      this.#tracks.leave(given, reason);
      this.#onLeftOut(given, reason);
      return;
    }
    if (!isFirstTrack(given)) return this.#pushFurther(given);
    const frame = this.#tracks.placed(given);
    if (frame.kind === FrameKind.data) {
      // Of the segment that is open when it comes. Between the place where a segment begins and its first picture, the one before
      // has it already: a packager that resumes there leaves it out.
      if (this.#state === 'open' && mayBeTimed(frame)) {
        this.#open.addData(frame);
        if (this.#hasParts) this.#parts.addData(frame);
      }
      return;
    }
    if ((frame.flags & FrameFlag.configuration) !== 0) {
      if (!this.#tracks.configure(frame)) this.droppedFrames++;
    } else if (frame.kind === FrameKind.end) this.#stop('end', positionOf(frame));
    else if (this.#state === 'open') this.#continue(frame);
    else {
      const configurations = this.#tracks.settle(frame);
      if (this.#state === 'ready') this.#start(frame, configurations);
      else this.#wait(frame, configurations);
    }
  }

  /** The log goes on with another epoch; the next frame pushed is the one at its position. */
  startEpoch({
    position,
    sessionId,
    epochZeroMs,
    segmentTargetMs,
    keyRotationSegments,
    partDurationMs,
  }: EpochStart): void {
    const finished = this.#finishStopped('epoch', position);
    const last = finished?.after ?? discontinuedAt(this.#point, position);
    if (segmentTargetMs !== undefined) this.#settings = { ...this.#settings, segmentTargetMs };
    if (keyRotationSegments !== undefined) this.#settings = { ...this.#settings, keyRotationSegments };
    this.#moveTo(
      sessionId === last.sessionId
        ? { ...last, epochZeroMs: Math.max(epochZeroMs, last.epochZeroMs) }
        : {
            ...last,
            targetDurationSeconds: 0,
            keySequence: undefined,
            ladder: undefined,
            sessionId,
            epochZeroMs,
            partDurationMs,
          },
    );
    this.#forget();
    // The state after the last segment of an old session belongs to that session.
    if (finished !== undefined)
      this.#onSegment(sessionId === last.sessionId ? { ...finished, after: this.#point } : finished);
  }

  /** The frames before `next` are lost for good. */
  gap(next: FramePosition): void {
    this.#stop('gap', next);
  }

  /** The session is over: ends the open segment, though nothing in the log says so. */
  finish(next: FramePosition): void {
    const finished = this.#finishStopped('session', next);
    if (finished === undefined) return;
    // Should frames of this epoch follow all the same, none of them is lost.
    this.#state = 'ready';
    this.#onSegment(finished);
  }

  /** Leaves numbers out that may have been used, although it is not known for what. Before the first frame only. */
  skipNumbers(count: number): void {
    this.#moveTo(skippedAhead(this.#point, count));
  }

  /** Drops what is gathered, up to `next`: it cannot be packaged. */
  abandon(next: FramePosition): void {
    const held = this.#held.take();
    const dropped = [...this.#open.take(), ...held.frames].filter(
      (frame) => !isConfiguration(frame) && frame.kind !== FrameKind.data,
    );
    this.droppedFrames += held.dropped + dropped.length;
    this.#stop('gap', next);
  }

  /**
   * A frame of a further track: it is in the segment that the order of frames puts it in, and decides nothing. Edges put it behind the
   * keyframe of the first track that a segment begins with.
   */
  #pushFurther(frame: Frame): void {
    const isOpen = this.#state === 'open';
    if (isConfiguration(frame)) {
      if (!this.#further.learn(frame)) this.droppedFrames++;
      else if (isOpen && !this.#hasParts) this.#gathered.push({ frame, track: undefined });
      return;
    }
    const track = isOpen ? this.#further.trackOf(frame) : undefined;
    if (track === undefined) this.droppedFrames++;
    else if (!this.#hasParts) {
      this.#gathered.push({ frame, track });
      this.#open.count(frame);
    } else if (this.#parts.addFurther(frame, track, this.#point)) this.#open.count(frame);
    else this.droppedFrames++;
  }

  /** Takes note of the tracks in a frame before the resume point. */
  #learn(frame: Frame): void {
    // What was known before a gap was forgotten there.
    if (frame.sequence !== this.#learnedSequence + 1) this.#forgetTracks();
    this.#learnedSequence = frame.sequence;
    const reason = leftOut(frame, this.#isPlain);
    if (reason !== undefined) this.#tracks.leave(frame, reason);
    else if (!isFirstTrack(frame)) this.#further.learn(frame);
    else if ((frame.flags & FrameFlag.configuration) !== 0) this.#tracks.configure(frame);
    else if (frame.kind !== FrameKind.data) this.#tracks.settle(this.#tracks.placed(frame));
  }

  /** The frame at the resume point, or the first one behind it, has come. */
  #finishLearning(): void {
    // With the frame right before it in the log, the segment follows on; without, frames are lost before it, and the packager that cut
    // here first began with nothing as well.
    this.#state = this.#point.awaitsKeyframe === true ? 'waiting' : 'ready';
    if (this.#learnedSequence !== this.#point.position.sequence - 1) this.#forget();
  }

  #wait(frame: Frame, configurations: readonly Frame[]): void {
    const starts = this.#tracks.canStartWith(frame);
    if (this.#mayNeedEarlierFrames) {
      this.#mayNeedEarlierFrames = false;
      this.#needsEarlierFrames = !starts;
      if (!starts) return;
    }
    if (starts) this.#start(frame, configurations);
    else if (frame.kind !== FrameKind.audio || this.#tracks.trackOf(frame) === undefined) {
      this.droppedFrames++;
      if (frame.kind === FrameKind.video) this.#held.hasPictures = true;
    } else if (this.#held.add(frame)) this.#startHeld();
  }

  #start(frame: Frame, configurations: readonly Frame[]): void {
    this.#startHeld();
    this.#add(frame, configurations);
  }

  /** Audio that waited for the first picture goes first. */
  #startHeld(): void {
    const { frames, dropped } = this.#held.take();
    this.droppedFrames += dropped;
    for (const frame of frames) this.#add(frame, NONE);
  }

  #add(frame: Frame, configurations: readonly Frame[]): void {
    this.#open.keep(configurations);
    const track = this.#tracks.trackOf(frame);
    if (track !== undefined && !this.#leads(frame)) {
      if (this.#state !== 'open') this.#moveTo(datedBy(frame, this.#point));
      this.#state = 'open';
      this.#open.add(frame, track);
      if (this.#hasParts) this.#parts.add(frame, track, this.#point, findTrack(this.#tracks.tracks, FrameKind.audio));
    } else this.droppedFrames++;
  }

  /**
   * Whether this picture is shown before the recovery point that decoding starts with: it needs pictures before that. Where the
   * segment follows on another, they are there; players leave such pictures out themselves where they start.
   */
  #leads(frame: Frame): boolean {
    if (frame.kind !== FrameKind.video) return false;
    const pts90k = frame.dts90k + frame.compositionOffset90k;
    if (!this.#open.hasVideo) {
      const startsAnew = this.#point.mediaSequence === 0 || this.#point.discontinuity;
      this.#leadsBefore90k = startsAnew && isRandomAccess(frame) && !isKeyframe(frame) ? pts90k : -Infinity;
    }
    if (pts90k < this.#leadsBefore90k) return true;
    if (pts90k > this.#leadsBefore90k) this.#leadsBefore90k = -Infinity;
    return false;
  }

  #continue(frame: Frame): void {
    const state = this.#tracks;
    const sequence = state.startOf(frame);
    const jumps = state.jumpsAt(frame);
    const { tracks } = state;
    const configurations = state.settle(frame);
    const changes = endsBetween(tracks, state.tracks, this.#point, this.#open.unrecorded);
    const decided = cutBefore(this.#open, frame, this.#limits);
    const cut = changes ? 'configuration' : jumps ? 'timeline' : decided;
    if (cut === undefined) {
      if (state.tracks !== tracks) this.#open.forgetKeyframe();
      if (isInnerKeyframe(frame)) this.#open.noteKeyframe(frame, configurations);
      this.#add(frame, configurations);
      return;
    }
    // What is behind it may be in a part that viewers have: with parts, a segment ends where its limits are met.
    const keyframe = this.#point.partDurationMs === undefined ? this.#open.innerKeyframe : undefined;
    if (keyframe !== undefined && (cut === 'duration' || cut === 'bytes') && canSplitBefore(frame)) {
      this.#split(cut, keyframe, [...configurations, frame]);
      return;
    }
    const breaks = jumps || decided === 'timeline';
    const ticks = breaks ? this.#open.ownTicks() : this.#open.ticksUntil(frame);
    const discontinuity = breaks || tracks !== state.tracks;
    // Players start decoders anew at a discontinuity: behind a hole, what cannot be decoded then is left out.
    const awaitsKeyframe = cut === 'timeline' && !jumps && !state.canStartWith(frame);
    const next = { position: { epoch: frame.epoch, sequence }, discontinuity, awaitsKeyframe };
    let finished = this.#finish(cut, ticks, next, tracks);
    if (breaks) {
      finished = withoutStepBack(finished, frame);
      this.#moveTo(finished.after);
    }
    if (awaitsKeyframe) {
      this.#state = 'waiting';
      this.#wait(frame, configurations);
    } else {
      this.#state = 'ready';
      this.#add(frame, configurations);
    }
    this.#onSegment(finished);
  }

  /** Ends the open segment at a keyframe inside it, rather than in the middle of a group of pictures. */
  #split(cut: CutReason, keyframe: InnerKeyframe, frames: readonly Frame[]): void {
    const ticks = keyframe.dts90k - this.#open.startDts90k;
    const further = this.#gathered.filter(({ frame }) => frame.sequence >= keyframe.sequence);
    this.#gathered = this.#gathered.filter(({ frame }) => frame.sequence < keyframe.sequence);
    const rest = [...this.#open.dropFrom(keyframe), ...further.map(({ frame }) => frame)].sort(
      (a, b) => a.sequence - b.sequence,
    );
    const position = { epoch: this.#point.position.epoch, sequence: keyframe.sequence };
    const finished = this.#finish(cut, ticks, { position, discontinuity: false, awaitsKeyframe: false });
    this.#state = 'ready';
    this.#onSegment(finished);
    // Read again, as a packager that resumes at the keyframe reads them: other limits may hold now.
    for (const frame of rest) this.push(frame);
    for (const frame of frames) this.push(frame);
  }

  /** Ends the open segment where its timeline ends. What follows starts with nothing. */
  #stop(cut: CutReason, next: FramePosition): void {
    const finished = this.#finishStopped(cut, next);
    if (finished === undefined) this.#moveTo(discontinuedAt(this.#point, next));
    this.#forget();
    if (finished !== undefined) this.#onSegment(finished);
  }

  #finishStopped(cut: CutReason, next: FramePosition): FinishedSegment | undefined {
    this.#startHeld();
    if (this.#open.isEmpty) return undefined;
    const start = { position: next, discontinuity: true, awaitsKeyframe: false };
    const finished = this.#finish(cut, this.#open.ownTicks(), start);
    if (cut !== 'end' && cut !== 'epoch') return finished;
    const stepless = beforeNextEpoch(finished);
    this.#moveTo(stepless.after);
    return stepless;
  }

  #forget(): void {
    this.#open.take();
    this.#gathered = [];
    this.#parts.forget();
    this.#state = 'waiting';
    this.#mayNeedEarlierFrames = false;
    this.#forgetTracks();
  }

  #forgetTracks(): void {
    this.#tracks.forget();
    this.#further.forget();
  }

  #finish(
    cut: CutReason,
    ticks: number,
    next: Pick<GatheredSegment, 'discontinuity' | 'awaitsKeyframe'> & { readonly position: FramePosition },
    tracks: Tracks = this.#tracks.tracks,
  ): FinishedSegment {
    const { startDts90k, unrecorded } = this.#open;
    const frames = this.#open.take();
    const { position, ...start } = next;
    const all = unrecorded === undefined ? tracks : withTrack(tracks, unrecorded);
    const gathered = { before: this.#point, frames, tracks: all, startDts90k, ticks, cut, next: position, ...start };
    const startedMs = this.#stopwatchMs();
    const further = this.#gathered;
    this.#gathered = [];
    let finished = finishSegment(gathered, this.#container, this.#settings, this.#allocate);
    // The first segment fixes how long the others may be, with its sound, which may last longer than its pictures.
    const isFirst = this.#point.targetDurationSeconds === 0;
    const longestMs = isFirst ? Infinity : longestSegmentMs(this.#point, this.#settings.maxSegmentMs);
    const renditions = this.#finishRenditions(frames, all, further, startDts90k + ticks, longestMs);
    const after = closerTo(frames, isFirst ? withRoomFor(renditions, finished.after) : finished.after);
    finished = { ...finished, after: further.length > 0 ? { ...after, ladder: true } : after };
    this.#moveTo(finished.after);
    const finishedAtMs = this.#stopwatchMs();
    return { ...finished, ...(renditions && { renditions }), finishedAtMs, buildMs: finishedAtMs - startedMs };
  }

  /**
   * The segment once more, as renditions. With low latency they were gathered part by part; without it, they are made where a track has
   * no place in the container of segments, and from the first segment of the session on in which there are several tracks of a kind.
   */
  #finishRenditions(
    frames: readonly Frame[],
    tracks: Tracks,
    further: readonly FurtherFrame[],
    endDts90k: number,
    longestMs: number,
  ): FinishedRenditions | undefined {
    if (!this.#isPlain) return undefined;
    if (!this.#hasParts) {
      const isLadder = this.#point.ladder === true || further.length > 0;
      if (!isLadder && tracks.every((track) => this.#container.carries(track))) return undefined;
      const sound = findTrack(tracks, FrameKind.audio);
      for (const frame of frames) {
        const track = findTrack(tracks, frame.kind, frame.track);
        if (frame.kind === FrameKind.data) this.#parts.addData(frame);
        else if (track?.codec === frame.codec) this.#parts.add(frame, track, this.#point, sound);
      }
      for (const { frame, track } of further)
        if (track !== undefined && !this.#parts.addFurther(frame, track, this.#point)) this.droppedFrames++;
    }
    return this.#parts.finish(endDts90k, longestMs * TICKS_PER_MS);
  }

  /** Parts are plain: a stream that is encrypted while it is live has none from then on. */
  get #hasParts(): boolean {
    return this.#point.partDurationMs !== undefined && this.#isPlain;
  }

  /** Renditions are never encrypted: a stream that is has the segments of its container alone. */
  get #isPlain(): boolean {
    return this.#settings.keyRotationSegments === 0;
  }

  #moveTo(point: ResumePoint): void {
    this.#point = point;
    this.#limits = cutLimits(point, this.#settings);
  }
}

const NONE: readonly Frame[] = [];

/** The state behind the first segment of a session, with a target duration that its renditions keep to. */
function withRoomFor(renditions: FinishedRenditions | undefined, after: ResumePoint): ResumePoint {
  const seconds = renditionValues(renditions ?? {}).map(({ ticks }) => Math.round(ticks / TICKS_PER_MS / 1_000));
  return { ...after, targetDurationSeconds: Math.max(after.targetDurationSeconds, ...seconds) };
}

const positionOf = (frame: Frame): FramePosition => ({ epoch: frame.epoch, sequence: frame.sequence });

const isInnerKeyframe = (frame: Frame): boolean => frame.kind === FrameKind.video && isRandomAccess(frame);

/** A keyframe starts a segment itself; audio ends one only where pictures have stopped coming. */
const canSplitBefore = (frame: Frame): boolean => frame.kind === FrameKind.video && !isRandomAccess(frame);
