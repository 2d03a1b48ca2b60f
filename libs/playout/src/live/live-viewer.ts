// One viewer of a live stream: what waits for it, what is left out when it is slow, and when it is cut.
import { FrameKind } from '@millrace/domain';
import type { ByteAccount } from './byte-budget.ts';
import type { LiveBatch, LiveFrame } from './live-frame.ts';
import type { SeenTracks, WireForm } from './wire-form.ts';

/** Why a viewer is cut. `too_slow`: it fell behind again and again. `unread`: it read nothing for too long. */
export const CUT_REASONS = ['too_slow', 'unread'] as const;
export type ViewerCutReason = (typeof CUT_REASONS)[number];
/** Why a viewer is ended in good order. */
export type EndReason = 'ended' | 'taken_down' | 'draining';

/** The connection of a viewer. Nothing is called on it after `end` or `cut`. */
export interface ViewerSink {
  /** @returns whether it accepts more now; otherwise it calls `drained` once it does */
  write(bytes: Uint8Array): boolean;
  /** Sends what it holds, then closes. */
  end(reason: EndReason): void;
  /** Closes now. */
  cut(reason: ViewerCutReason): void;
  /** The publisher sends nothing for now, or sends again: for protocols that can say so. */
  interrupted?(): void;
  resumed?(): void;
  /** What follows is of the publisher of this epoch; also told before the first frame. */
  epochBegins?(epoch: number): void;
}

/** Which kinds of media a viewer is sent. */
export interface Wanted {
  readonly audio: boolean;
  readonly video: boolean;
}

export interface ViewerLimits {
  /** What may wait for one viewer. */
  readonly maxQueueBytes: number;
  /** How much of the stream may wait for one viewer, besides the group that it starts with. */
  readonly maxQueue90k: number;
  /** How often it may fall behind in a minute. */
  readonly maxSkips: number;
  /** How long its connection may accept nothing. */
  readonly unreadMs: number;
}

export interface ViewerObserver {
  sent(bytes: number): void;
  skipped(): void;
  cut(reason: ViewerCutReason): void;
}

const EVERYTHING: Wanted = { audio: true, video: true };
const SKIPS_WINDOW_MS = 60_000;
/** The array is compacted once this many frames at its beginning are gone. */
const COMPACT_FROM = 256;

/** A frame that waits, and what it has been counted as: its cost grows when it is written in one more form. */
interface Queued {
  readonly frame: LiveFrame;
  readonly cost: number;
}

/**
 * Frames go straight to the connection while it accepts them; otherwise they wait, within bounds. A viewer whose queue is full loses
 * it and goes on with the next keyframe: what it gets is always decodable, and never later than the queue is long.
 */
export class LiveViewer {
  readonly form: WireForm;
  readonly #sink: ViewerSink;
  readonly #account: ByteAccount;
  readonly #limits: ViewerLimits;
  readonly #observer: ViewerObserver;
  readonly #nowMs: () => number;
  readonly #accepts: (codec: number) => boolean;
  #queue: Queued[] = [];
  #head = 0;
  #hasBegun = false;
  #isWritable = true;
  #needsGroup = true;
  #isPaused = false;
  #wanted: Wanted = EVERYTHING;
  /** Contents of which it took all frames last. */
  #taken: string | undefined;
  /** Video that was not wanted goes on with the next group. */
  #needsVideoGroup = false;
  /** Of the newest frame that it was given, and that its connection was given. */
  #lastIndex = -1;
  #sentIndex = -1;
  /** Length of the group that it began with, while that waits. */
  #start90k = 0;
  #blockedSinceMs = 0;
  readonly #skippedAtMs: number[] = [];
  #isOver = false;

  /**
   * @param nowMs a clock that does not go back
   * @param accepts whether the viewer can read a codec: it is not sent the others
   */
  constructor(
    form: WireForm,
    sink: ViewerSink,
    account: ByteAccount,
    limits: ViewerLimits,
    observer: ViewerObserver,
    nowMs: () => number,
    accepts: (codec: number) => boolean = () => true,
  ) {
    this.form = form;
    this.#sink = sink;
    this.#account = account;
    this.#limits = limits;
    this.#observer = observer;
    this.#nowMs = nowMs;
    this.#accepts = accepts;
  }

  /** Whether it has been sent anything. */
  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Gives it the group that it begins with, or as much of it as there is. */
  start(group: readonly LiveFrame[], tracks: SeenTracks): void {
    const [first] = group;
    const last = group.at(-1);
    if (first !== undefined && last !== undefined) this.#start90k = last.dts90k - first.dts90k;
    for (const frame of group) this.push(frame, tracks);
    if (this.#queue.length === 0) this.#start90k = 0;
  }

  /** Goes on where it was when the pause began, if the group holds what came since; otherwise with the newest group. */
  resume(group: readonly LiveFrame[], tracks: SeenTracks): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    const [first] = group;
    if (first === undefined || first.index > this.#lastIndex + 1) this.#needsGroup = true;
    if (this.#needsGroup) {
      // What it has been sent already would go back in time: it waits for the next group.
      if (first !== undefined && first.index > this.#sentIndex) this.start(group, tracks);
      return;
    }
    for (const frame of group) if (frame.index > this.#lastIndex) this.push(frame, tracks);
  }

  /** Nothing more is sent until `resume`. */
  pause(): void {
    this.#isPaused = true;
    if (this.#queue.length > this.#head) this.#needsGroup = true;
    this.#clear();
  }

  want(wanted: Wanted): void {
    if (wanted.video && !this.#wanted.video) this.#needsVideoGroup = true;
    this.#wanted = wanted;
    this.#taken = undefined;
  }

  /** Gives it several frames: in one piece where it gets all of them, and its connection accepts them now. */
  pushBatch(batch: LiveBatch, tracks: SeenTracks): void {
    const isPlain = !this.#isOver && !this.#isPaused && this.#isWritable && !this.#needsGroup && !this.#needsVideoGroup;
    if (!isPlain || !this.#hasBegun || !this.#takesAll(batch)) {
      for (const frame of batch.frames) this.push(frame, tracks);
      return;
    }
    this.#lastIndex = this.#sentIndex = batch.frames.at(-1)?.index ?? this.#lastIndex;
    const bytes = batch.bytesFor(this.form);
    if (bytes.byteLength > 0) this.#send(bytes);
  }

  push(frame: LiveFrame, tracks: SeenTracks): void {
    if (this.#isOver || this.#isPaused) return;
    if (this.#needsGroup) {
      if (!frame.startsGroup) return;
      this.#needsGroup = false;
    }
    if (frame.startsGroup) this.#needsVideoGroup = false;
    this.#lastIndex = frame.index;
    if (!this.#takes(frame) || frame.bytesFor(this.form) === undefined) return;
    if (this.#isWritable) {
      this.#begin(tracks);
      this.#write(frame);
    } else this.#enqueue(frame);
  }

  /** Tells its connection that the publisher is away, or is back. */
  interruption(isInterrupted: boolean): void {
    if (this.#isOver || !this.#hasBegun) return;
    if (isInterrupted) this.#sink.interrupted?.();
    else this.#sink.resumed?.();
  }

  /** What it is given from now on is of the publisher of this epoch. */
  epochBegins(epoch: number): void {
    if (!this.#isOver) this.#sink.epochBegins?.(epoch);
  }

  /** Frames are missing from the stream: what follows can be decoded from the next keyframe on. */
  broken(): void {
    this.#needsGroup = true;
  }

  /** The connection accepts more. */
  drained(): void {
    this.#isWritable = true;
    while (this.#isWritable && !this.#isOver) {
      const next = this.#queue[this.#head];
      if (next === undefined) break;
      this.#head++;
      this.#account.release(next.cost);
      this.#write(next.frame);
    }
    if (this.#head === this.#queue.length) {
      this.#queue = [];
      this.#head = 0;
      this.#start90k = 0;
    } else if (this.#head >= COMPACT_FROM) {
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
  }

  /** Cuts it when its connection has accepted nothing for too long. Called about once a second. */
  look(): void {
    if (!this.#isWritable && this.#nowMs() - this.#blockedSinceMs >= this.#limits.unreadMs) this.#cut('unread');
  }

  end(reason: EndReason): void {
    if (this.#isOver) return;
    // What waits is still sent: the connection takes it all, and is bounded by what the queue was.
    if (reason === 'ended') for (const { frame } of this.#queue.slice(this.#head)) this.#write(frame);
    this.#over();
    this.#sink.end(reason);
  }

  /** The connection is gone. */
  closed(): void {
    this.#over();
  }

  /** Looks at nothing but the viewer, as a rule: with many of them, what it refers to is in no cache any more. */
  #takesAll({ contents, samples }: LiveBatch): boolean {
    if (contents === this.#taken) return true;
    if (!samples.every((frame) => this.#takes(frame))) return false;
    this.#taken = contents;
    return true;
  }

  #takes({ kind, codec }: LiveFrame): boolean {
    const { audio, video } = this.#wanted;
    if (kind === FrameKind.audio && !audio) return false;
    if (kind === FrameKind.video && (!video || this.#needsVideoGroup)) return false;
    return this.#accepts(codec);
  }

  /** Of these tracks, those that it is sent. */
  #tracksOf(tracks: SeenTracks): SeenTracks {
    const { videoConfiguration: video, audioConfiguration: audio } = tracks;
    const hasVideo = tracks.hasVideo && this.#wanted.video && (video === undefined || this.#accepts(video.codec));
    const hasAudio = tracks.hasAudio && this.#wanted.audio && (audio === undefined || this.#accepts(audio.codec));
    return {
      hasVideo,
      hasAudio,
      videoConfiguration: hasVideo ? video : undefined,
      audioConfiguration: hasAudio ? audio : undefined,
    };
  }

  #begin(tracks: SeenTracks): void {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    const head = this.form.head(this.#tracksOf(tracks));
    if (head.byteLength > 0) this.#send(head);
  }

  #write(frame: LiveFrame): void {
    const bytes = frame.bytesFor(this.form);
    this.#sentIndex = frame.index;
    if (bytes !== undefined) this.#send(bytes);
  }

  #send(bytes: Uint8Array): void {
    this.#observer.sent(bytes.byteLength);
    if (this.#sink.write(bytes) || !this.#isWritable) return;
    this.#isWritable = false;
    this.#blockedSinceMs = this.#nowMs();
  }

  #enqueue(frame: LiveFrame): void {
    if (this.#fits(frame)) return void this.#queue.push({ frame, cost: frame.cost });
    this.#skip();
    if (this.#isOver || !frame.startsGroup || !this.#fits(frame)) return;
    this.#needsGroup = false;
    this.#queue.push({ frame, cost: frame.cost });
  }

  /** Reserves space for a frame. @returns false when there is none */
  #fits(frame: LiveFrame): boolean {
    const { maxQueueBytes, maxQueue90k } = this.#limits;
    const oldest = this.#queue[this.#head]?.frame ?? frame;
    if (frame.dts90k - oldest.dts90k > maxQueue90k + this.#start90k) return false;
    return this.#account.held + frame.cost <= maxQueueBytes && this.#account.take(frame.cost);
  }

  #skip(): void {
    this.#clear();
    this.#needsGroup = true;
    this.#observer.skipped();
    const now = this.#nowMs();
    this.#skippedAtMs.push(now);
    while (now - (this.#skippedAtMs[0] ?? now) > SKIPS_WINDOW_MS) this.#skippedAtMs.shift();
    if (this.#skippedAtMs.length > this.#limits.maxSkips) this.#cut('too_slow');
  }

  #cut(reason: ViewerCutReason): void {
    if (this.#isOver) return;
    this.#over();
    this.#observer.cut(reason);
    this.#sink.cut(reason);
  }

  #over(): void {
    this.#isOver = true;
    this.#clear();
    this.#account.close();
  }

  #clear(): void {
    this.#queue = [];
    this.#head = 0;
    this.#start90k = 0;
    this.#account.release(this.#account.held);
  }
}
