// One timeline for audio and video of an epoch, out of the 32-bit milliseconds of RTMP messages (RTMP 1.0 section 3).
import { TimestampUnwrapper } from '@millrace/protocol/rtmp';

/** A track may step back by this much; its frames then share a decode time until it has caught up. */
export const MAX_BACKWARD_JITTER_MS = 500;
/** A step ahead by more than this, measured from the newest frame of any track, is a jump. */
export const MAX_FORWARD_GAP_MS = 10_000;
/** What follows a jump comes at least this much after the last frame: about one frame. */
const LEAST_STEP_AFTER_JUMP_MS = 20;

const TICKS_PER_MS = 90;

/** Where one track stands on the timeline. */
class TrackPosition {
  /** What is added to the encoder's time; undefined before the first frame. */
  shiftMs: number | undefined;
  lastMs = 0;
  /** The last decode time, nanoseconds included. */
  last90k = -Infinity;
}

export type TrackName = 'video' | 'audio';

/**
 * Places frames. What it promises its readers: the first frame is at 0, decode times of a track never go back, and they
 * never run away from the wall clock by a jump of the encoder's clock. An encoder's jump is reported, and what follows
 * goes on after the time that really passed.
 */
export class MediaTimeline {
  /** Jumps so far, of every track. */
  jumps = 0;
  /** Whether the frame that was placed last begins after a jump. */
  jumped = false;
  /** Where the newest frame of any track is, in milliseconds. */
  nowMs = 0;
  readonly video = new TrackPosition();
  readonly audio = new TrackPosition();
  readonly #unwrapper = new TimestampUnwrapper();
  readonly #clock: () => number;
  #lastArrivalMs = 0;

  /** @param clock milliseconds of a clock that does not go back */
  constructor(clock: () => number) {
    this.#clock = clock;
  }

  /**
   * Places a coded frame.
   *
   * @param timestamp of the message, unsigned 32 bits
   * @param nanoOffset nanoseconds that the message adds to it
   * @returns its decode time in 90 kHz ticks; `jumped` says whether a jump came before it
   */
  place(name: TrackName, timestamp: number, nanoOffset: number): number {
    const track = this[name];
    const other = name === 'video' ? this.audio : this.video;
    const rawMs = this.#unwrapper.unwrap(timestamp);
    this.jumped = false;
    const placedMs = track.shiftMs === undefined ? this.#begin(track, other, rawMs) : this.#goOn(track, other, rawMs);
    const ms = Math.max(placedMs, track.lastMs);
    track.lastMs = ms;
    if (ms > this.nowMs) this.nowMs = ms;
    this.#lastArrivalMs = this.#clock();
    const dts90k = ms * TICKS_PER_MS + (nanoOffset === 0 ? 0 : Math.floor((nanoOffset * TICKS_PER_MS) / 1_000_000));
    // Nanoseconds may go back within a millisecond, too.
    if (dts90k > track.last90k) track.last90k = dts90k;
    return track.last90k;
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
    track.lastMs = Math.min(placedMs, this.nowMs);
    if (Math.abs(placedMs - this.nowMs) <= MAX_FORWARD_GAP_MS) {
      track.shiftMs = other.shiftMs;
      return placedMs;
    }
    this.jumps++;
    track.lastMs = this.nowMs;
    track.shiftMs = this.nowMs - rawMs;
    return this.nowMs;
  }

  #goOn(track: TrackPosition, other: TrackPosition, rawMs: number): number {
    const placedMs = rawMs + track.shiftMs!;
    if (this.#follows(track, placedMs)) return placedMs;
    // Both tracks jump, one after the other: the second one only follows the first.
    if (other.shiftMs !== undefined && this.#follows(track, rawMs + other.shiftMs)) {
      track.shiftMs = other.shiftMs;
      return rawMs + other.shiftMs;
    }
    this.jumps++;
    this.jumped = true;
    const passedMs = Math.round(this.#clock() - this.#lastArrivalMs);
    const resumedMs = this.nowMs + Math.max(LEAST_STEP_AFTER_JUMP_MS, passedMs);
    track.shiftMs = resumedMs - rawMs;
    return resumedMs;
  }

  #follows(track: TrackPosition, placedMs: number): boolean {
    return placedMs >= track.lastMs - MAX_BACKWARD_JITTER_MS && placedMs <= this.nowMs + MAX_FORWARD_GAP_MS;
  }
}
