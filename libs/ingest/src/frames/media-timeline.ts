// One timeline for audio and video of an epoch, out of the milliseconds of an encoder's clock.
import { TICKS_PER_MS } from '@millrace/domain';
import type { TrackName } from '../publish/media-observer.ts';

/** A track may step back by this much; its frames are then put close together until it has caught up. */
export const MAX_BACKWARD_JITTER_MS = 500;
/** A step ahead by more than this, measured from the newest frame of any track, is a jump. */
export const MAX_FORWARD_GAP_MS = 10_000;
/** Over a jump, time that passed without any frame counts when it is longer than this; else the track just goes on. */
const MAX_UNCOUNTED_PAUSE_MS = 500;
/** How far apart the frames of a track are taken to be before two of them have shown it. */
const ASSUMED_STEP_MS = 20;
/** A longer way from one frame to the next is a pause, and says nothing of how far apart frames are. */
const LONGEST_STEP_MS = 1_000;
/** Pictures of one time are put apart by half a step, and by no more than this. */
const LONGEST_SPREAD_90K = 1_800;
/** Frames of two tracks that come one after the other are of one clock when their times are this close. */
const MAX_INTERLEAVE_MS = 250;
/** Some encoders count in 24 or 31 bits, where their protocol has more (RTMP 1.0 section 5.3.1.3: 32), and begin again at 0. */
const SHORT_WRAPS_MS = [2 ** 24, 2 ** 31];

/** The position of one track on the timeline. */
class TrackPosition {
  /** What is added to the encoder's time; undefined before the first frame. */
  shiftMs: number | undefined;
  /** What was added before the last jump: after a single stray frame the encoder's clock is where it was. */
  formerShiftMs: number | undefined;
  /** Whether its newest frame was where a jump led, so that the next one says whether it was a stray. */
  hasJustJumped = false;
  lastMs = 0;
  /** What the encoder said of its newest frame, unwrapped. */
  lastRawMs = 0;
  /** How far apart its newest frames were. */
  stepMs = ASSUMED_STEP_MS;
  /** The last decode time, nanoseconds included. */
  last90k = -Infinity;
}

/**
 * Places frames. What it promises its readers: the first frame is at 0, decode times of video grow and those of audio never
 * go back, and they never run away from the wall clock by a jump of the encoder's clock. A jump is absorbed: what follows it
 * goes on where the track was, or after the time that really passed.
 */
export class MediaTimeline {
  /** Jumps so far, of every track. A clock that wraps, or is back where it was after a stray frame, has not jumped. */
  jumps = 0;
  /** How much later than the encoder said the frame that was placed last is decoded, in 90 kHz ticks. */
  delayed90k = 0;
  /** Where the newest frame of any track is, in milliseconds. */
  nowMs = 0;
  readonly video = new TrackPosition();
  readonly audio = new TrackPosition();
  readonly #clock: () => number;
  #lastArrivalMs = 0;

  /** @param clock milliseconds of a clock that does not go back */
  constructor(clock: () => number) {
    this.#clock = clock;
  }

  /**
   * Places a coded frame.
   *
   * @param rawMs when, by the encoder's clock, unwrapped
   * @param nanoOffset nanoseconds that are added to it
   * @returns its decode time in 90 kHz ticks; `delayed90k` says how far that is from what the encoder meant
   */
  place(name: TrackName, rawMs: number, nanoOffset: number): number {
    const track = this[name];
    const other = name === 'video' ? this.audio : this.video;
    const { jumps } = this;
    const ms = track.shiftMs === undefined ? this.#begin(track, other, rawMs) : this.#goOn(track, other, rawMs);
    track.hasJustJumped = this.jumps !== jumps;
    track.lastRawMs = rawMs;
    const stepMs = ms - track.lastMs;
    if (stepMs > 0 && stepMs <= LONGEST_STEP_MS) track.stepMs = stepMs;
    if (stepMs > 0) track.lastMs = ms;
    if (ms > this.nowMs) this.nowMs = ms;
    this.#lastArrivalMs = this.#clock();
    const meant90k = ms * TICKS_PER_MS + (nanoOffset === 0 ? 0 : Math.floor((nanoOffset * TICKS_PER_MS) / 1_000_000));
    const dts90k = name === 'video' ? laterPicture(track, meant90k) : Math.max(meant90k, track.last90k);
    this.delayed90k = dts90k - meant90k;
    track.last90k = dts90k;
    return dts90k;
  }

  /**
   * Where a data message of this time belongs, in 90 kHz ticks: beside the media of the same time, and moves nothing. What is
   * further away than media may be, or comes before any, is of now.
   *
   * @param rawMs when, by the encoder's clock, unwrapped
   */
  beside(rawMs: number): number {
    const shiftMs = this.video.shiftMs ?? this.audio.shiftMs;
    if (shiftMs === undefined) return this.now90k;
    const placedMs = rawMs + shiftMs;
    return Math.abs(placedMs - this.nowMs) > MAX_FORWARD_GAP_MS ? this.now90k : placedMs * TICKS_PER_MS;
  }

  /** The decode time of what has none of its own, in 90 kHz ticks. */
  get now90k(): number {
    return this.nowMs * TICKS_PER_MS;
  }

  /** Video minus audio, in milliseconds; undefined without one of them. */
  get skewMs(): number | undefined {
    const { video, audio } = this;
    return video.shiftMs === undefined || audio.shiftMs === undefined ? undefined : video.lastMs - audio.lastMs;
  }

  /** The first frame of the epoch is at 0; that of the second track keeps its distance, unless that can't be meant. */
  #begin(track: TrackPosition, other: TrackPosition, rawMs: number): number {
    if (other.shiftMs === undefined) {
      track.shiftMs = -rawMs;
      return 0;
    }
    const placedMs = rawMs + other.shiftMs;
    if (Math.abs(placedMs - this.nowMs) <= MAX_FORWARD_GAP_MS) {
      track.shiftMs = other.shiftMs;
      track.lastMs = placedMs;
      return placedMs;
    }
    track.lastMs = this.nowMs;
    return this.#jump(track, rawMs, this.nowMs);
  }

  #goOn(track: TrackPosition, other: TrackPosition, rawMs: number): number {
    const shiftMs = this.#shiftThatFits(track, other, rawMs);
    if (shiftMs !== undefined) {
      if (shiftMs !== track.shiftMs) track.formerShiftMs = track.shiftMs;
      track.shiftMs = shiftMs;
      return rawMs + shiftMs;
    }
    const passedMs = Math.round(this.#clock() - this.#lastArrivalMs);
    const resumedMs = passedMs > MAX_UNCOUNTED_PAUSE_MS ? this.nowMs + passedMs : track.lastMs + track.stepMs;
    return this.#jump(track, rawMs, resumedMs);
  }

  #jump(track: TrackPosition, rawMs: number, resumedMs: number): number {
    this.jumps++;
    track.formerShiftMs = track.shiftMs;
    track.shiftMs = resumedMs - rawMs;
    return resumedMs;
  }

  /** A shift with which this time follows what came before it on the track. */
  #shiftThatFits(track: TrackPosition, other: TrackPosition, rawMs: number): number | undefined {
    const shiftMs = track.shiftMs!;
    const { formerShiftMs } = track;
    // What the encoder says is of one time stays together: a stray frame of one track may have put them apart.
    if (isOfOneTime(rawMs, other) && this.#follows(track, rawMs + other.shiftMs!)) return other.shiftMs;
    // After a frame that was back by a little, the clock where it was looks like a gap.
    if (track.hasJustJumped && formerShiftMs !== undefined && this.#follows(track, rawMs + formerShiftMs)) {
      const dueMs = track.lastMs + track.stepMs;
      if (Math.abs(rawMs + formerShiftMs - dueMs) < Math.abs(rawMs + shiftMs - dueMs)) return formerShiftMs;
    }
    if (this.#follows(track, rawMs + shiftMs)) return shiftMs;
    // Both tracks jump, one after the other: the second one only follows the first.
    const others = [other.shiftMs, formerShiftMs, ...SHORT_WRAPS_MS.map((wrapMs) => shiftMs + wrapMs)];
    return others.find((known) => known !== undefined && this.#follows(track, rawMs + known));
  }

  #follows(track: TrackPosition, placedMs: number): boolean {
    return placedMs >= track.lastMs - MAX_BACKWARD_JITTER_MS && placedMs <= this.nowMs + MAX_FORWARD_GAP_MS;
  }
}

function isOfOneTime(rawMs: number, other: TrackPosition): boolean {
  return other.shiftMs !== undefined && Math.abs(rawMs - other.lastRawMs) <= MAX_INTERLEAVE_MS;
}

/** Each picture is decoded after the one before it: players and ISO/IEC 13818-1 section 2.4.3.7 know no two of one time. */
function laterPicture(track: TrackPosition, meant90k: number): number {
  if (meant90k > track.last90k) return meant90k;
  const half90k = Math.floor((track.stepMs * TICKS_PER_MS) / 2);
  return track.last90k + Math.min(half90k, LONGEST_SPREAD_90K);
}
