// One timeline for the audio and video of an epoch, from the milliseconds of an encoder's clock.
import { TICKS_PER_MS } from '@millrace/domain';
import type { TrackName } from '../publish/media-observer.ts';

/** Longest step back of a track that is not a jump; its frames are placed close together until it has caught up. */
export const MAX_BACKWARD_JITTER_MS = 500;
/** Longest step forward that is not a jump, measured from the newest frame of any track. */
export const MAX_FORWARD_GAP_MS = 10_000;
/** At a jump, the time since the last frame is added if it was longer than this; otherwise the track continues without a gap. */
const MAX_UNCOUNTED_PAUSE_MS = 500;
/** Assumed interval between the frames of a track until two frames have shown the real one. */
const ASSUMED_STEP_MS = 20;
/** A longer interval between two frames is a pause, and does not count as the interval of the track. */
const LONGEST_STEP_MS = 1_000;
/** Pictures with the same time are separated by half an interval, but by no more than this. */
const LONGEST_SPREAD_90K = 1_800;
/** Consecutive frames of two tracks follow the same clock if their times are this close. */
const MAX_INTERLEAVE_MS = 250;
/** Some encoders count in 24 or 31 bits, although the protocol has more (RTMP 1.0 section 5.3.1.3: 32), and start again at 0. */
const SHORT_WRAPS_MS = [2 ** 24, 2 ** 31];

/** The position of one track on the timeline. */
class TrackPosition {
  /** The offset that is added to the encoder's time; undefined before the first frame. */
  shiftMs: number | undefined;
  /** The offset before the last jump: after a single stray frame, the encoder's clock continues where it was. */
  formerShiftMs: number | undefined;
  /** Whether its newest frame was a jump: the next frame shows whether that frame was a stray. */
  hasJustJumped = false;
  lastMs = 0;
  /** The encoder's time of its newest frame, unwrapped. */
  lastRawMs = 0;
  /** The interval between its newest frames. */
  stepMs = ASSUMED_STEP_MS;
  /** The last decode time, nanoseconds included. */
  last90k = -Infinity;
}

/**
 * Places frames on the timeline. Readers can rely on this: the first frame of a publisher is at 0, decode times of video increase, those of audio never
 * decrease, and a jump of the encoder's clock does not move them away from the wall clock. A jump is absorbed: the track continues where
 * it was, or after the time that has really passed.
 */
export class MediaTimeline {
  /** Jumps so far, of all tracks. A clock that wraps, or continues where it was after a stray frame, has not jumped. */
  jumps = 0;
  /** How much the last placed frame was moved later than its encoder's time, in 90 kHz ticks. */
  delayed90k = 0;
  /** Position of the newest frame of any track, in milliseconds. */
  nowMs = 0;
  video = new TrackPosition();
  audio = new TrackPosition();
  /** When the newest frame came, by the clock; 0 before the first one. */
  lastArrivalMs = 0;
  /** Further tracks, by their numbers. */
  #further = { video: new Map<number, TrackPosition>(), audio: new Map<number, TrackPosition>() };
  readonly #clock: () => number;
  #beganAtMs: number | undefined;

  /** @param clock milliseconds of a monotonic clock */
  constructor(clock: () => number) {
    this.#clock = clock;
  }

  /** Begins anew, now: the next frame is as far from 0 as it comes later. Jumps go on being counted. */
  restart(): void {
    this.#beganAtMs = this.#clock();
    this.nowMs = 0;
    this.delayed90k = 0;
    this.video = new TrackPosition();
    this.audio = new TrackPosition();
    this.#further = { video: new Map(), audio: new Map() };
  }

  /**
   * Places a coded frame.
   *
   * @param rawMs the encoder's time, unwrapped
   * @param nanoOffset nanoseconds added to it
   * @param number of the track among those of its kind. Further tracks follow the clock of the first ones
   * @returns the decode time in 90 kHz ticks; `delayed90k` is its distance from the encoder's time
   */
  place(name: TrackName, rawMs: number, nanoOffset: number, number = 0): number {
    const track = number === 0 ? this[name] : this.#furtherTrack(name, number);
    const first = number === 0 ? undefined : this[name];
    const other = first?.shiftMs === undefined ? this[name === 'video' ? 'audio' : 'video'] : first;
    const { jumps } = this;
    const ms = track.shiftMs === undefined ? this.#begin(track, other, rawMs) : this.#goOn(track, other, rawMs);
    track.hasJustJumped = this.jumps !== jumps;
    track.lastRawMs = rawMs;
    const stepMs = ms - track.lastMs;
    if (stepMs > 0 && stepMs <= LONGEST_STEP_MS) track.stepMs = stepMs;
    if (stepMs > 0) track.lastMs = ms;
    if (ms > this.nowMs) this.nowMs = ms;
    this.lastArrivalMs = this.#clock();
    const meant90k = ms * TICKS_PER_MS + (nanoOffset === 0 ? 0 : Math.floor((nanoOffset * TICKS_PER_MS) / 1_000_000));
    const dts90k = name === 'video' ? laterPicture(track, meant90k) : Math.max(meant90k, track.last90k);
    this.delayed90k = dts90k - meant90k;
    track.last90k = dts90k;
    return dts90k;
  }

  /**
   * The position of a data message in 90 kHz ticks: that of media with the same time. It does not affect the timeline. A message that is
   * too far from the media, or precedes it, is placed at the present.
   *
   * @param rawMs the encoder's time, unwrapped
   */
  beside(rawMs: number): number {
    const placedMs = this.positionOf(rawMs);
    return placedMs === undefined ? this.now90k : placedMs * TICKS_PER_MS;
  }

  /** Where media with this time are, in milliseconds; undefined before the first frame, and for a time that is too far from the media. */
  positionOf(rawMs: number): number | undefined {
    const shiftMs = this.video.shiftMs ?? this.audio.shiftMs;
    if (shiftMs === undefined) return undefined;
    const placedMs = rawMs + shiftMs;
    return Math.abs(placedMs - this.nowMs) > MAX_FORWARD_GAP_MS ? undefined : placedMs;
  }

  /** Whether a frame has been placed. */
  get hasBegun(): boolean {
    return this.video.shiftMs !== undefined || this.audio.shiftMs !== undefined;
  }

  /** The present, for frames without a time of their own, in 90 kHz ticks. */
  get now90k(): number {
    return this.nowMs * TICKS_PER_MS;
  }

  /** Video minus audio, in milliseconds; undefined unless there are both. */
  get skewMs(): number | undefined {
    const { video, audio } = this;
    return video.shiftMs === undefined || audio.shiftMs === undefined ? undefined : video.lastMs - audio.lastMs;
  }

  #furtherTrack(name: TrackName, number: number): TrackPosition {
    const tracks = this.#further[name];
    const known = tracks.get(number);
    if (known !== undefined) return known;
    const made = new TrackPosition();
    tracks.set(number, made);
    return made;
  }

  /** The first frame of the epoch is at 0; the first of the second track keeps its distance, unless that is implausibly large. */
  #begin(track: TrackPosition, other: TrackPosition, rawMs: number): number {
    if (other.shiftMs === undefined) {
      const beginMs = this.#beganAtMs === undefined ? 0 : Math.round(this.#clock() - this.#beganAtMs);
      track.shiftMs = beginMs - rawMs;
      track.lastMs = beginMs;
      return beginMs;
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
    const passedMs = Math.round(this.#clock() - this.lastArrivalMs);
    const resumedMs = passedMs > MAX_UNCOUNTED_PAUSE_MS ? this.nowMs + passedMs : track.lastMs + track.stepMs;
    return this.#jump(track, rawMs, resumedMs);
  }

  #jump(track: TrackPosition, rawMs: number, resumedMs: number): number {
    this.jumps++;
    track.formerShiftMs = track.shiftMs;
    track.shiftMs = resumedMs - rawMs;
    return resumedMs;
  }

  /** An offset with which this time continues the track. */
  #shiftThatFits(track: TrackPosition, other: TrackPosition, rawMs: number): number | undefined {
    const shiftMs = track.shiftMs!;
    const { formerShiftMs } = track;
    // Frames with the same time stay together: a stray frame of one track may have separated the tracks.
    if (isOfOneTime(rawMs, other) && this.#follows(track, rawMs + other.shiftMs!)) return other.shiftMs;
    // After a stray frame that was slightly early, the clock's former position looks like a gap.
    if (track.hasJustJumped && formerShiftMs !== undefined && this.#follows(track, rawMs + formerShiftMs)) {
      const dueMs = track.lastMs + track.stepMs;
      if (Math.abs(rawMs + formerShiftMs - dueMs) < Math.abs(rawMs + shiftMs - dueMs)) return formerShiftMs;
    }
    if (this.#follows(track, rawMs + shiftMs)) return shiftMs;
    // When both tracks jump, the second one follows the first.
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

/** Each picture is decoded after the previous one: players and ISO/IEC 13818-1 section 2.4.3.7 do not allow two with the same time. */
function laterPicture(track: TrackPosition, meant90k: number): number {
  if (meant90k > track.last90k) return meant90k;
  const half90k = Math.floor((track.stepMs * TICKS_PER_MS) / 2);
  return track.last90k + Math.min(half90k, LONGEST_SPREAD_90K);
}
