// The order of several tracks of pictures on the bus. Where a segment is cut, all renditions are: at a keyframe of the first track, by the
// order of frames. So frames of further tracks that belong behind that keyframe are put behind it, and those before it before it, although
// encoders may send the tracks of one time in any order. What comes in order passes at once.
import { FrameFlag } from '@millrace/domain';
import type { Frame } from '@millrace/domain';

/** A frame without its place on the bus. */
export type UnplacedFrame = Omit<Frame, 'epoch' | 'sequence'>;

/** A keyframe of the first track waits no longer than this for tracks that are behind it. 200 ms. */
export const LONGEST_WAIT_90K = 18_000;
/** A further track runs ahead of the first one by no more than this; then the first one counts as away. 500 ms. */
export const LONGEST_LEAD_90K = 45_000;
/** A track of which nothing came for longer is not waited for. 1 s. */
const AWAY_90K = 90_000;
/** Frames that wait, of all tracks: beyond, they are put in the order of their arrival. */
export const MAX_WAITING_FRAMES = 512;
/** Taken for the time from one picture to the next until two have come: 30 frames a second. */
const ASSUMED_STEP_90K = 3_000;
const LONGEST_STEP_90K = 90_000;
const START = FrameFlag.keyframe | FrameFlag.recoveryPoint;

/** How far a track has come. */
class Progress {
  newest90k = -Infinity;
  step90k = ASSUMED_STEP_90K;

  note(dts90k: number): void {
    const step = dts90k - this.newest90k;
    if (step > 0 && step <= LONGEST_STEP_90K) this.step90k = step;
    if (step > 0) this.newest90k = dts90k;
  }
}

export class TrackOrder {
  readonly #put: (frame: UnplacedFrame) => void;
  readonly #first = new Progress();
  /** Decode time of the newest place to start of the first track. */
  #start90k = -Infinity;
  readonly #further = new Map<number, Progress>();
  /** Of further tracks: ahead of the first one, in the order of their arrival. */
  #ahead: UnplacedFrame[] = [];
  /** Of the first track: a place to start that others are behind, and what came after it. */
  #behind: UnplacedFrame[] = [];

  /** @param put called with each frame when it is its turn */
  constructor(put: (frame: UnplacedFrame) => void) {
    this.#put = put;
  }

  /** Whether further tracks have come: without, there is nothing to order. */
  get isNeeded(): boolean {
    return this.#further.size > 0;
  }

  /** A picture of the first track has been put. */
  passed(dts90k: number, flags: number): void {
    this.#first.note(dts90k);
    if ((flags & START) !== 0) this.#start90k = dts90k;
  }

  /** Takes a picture of the first track. */
  addFirst(frame: UnplacedFrame): void {
    if (this.#behind.length > 0) {
      this.#behind.push(frame);
      if (frame.dts90k - this.#behind[0]!.dts90k >= LONGEST_WAIT_90K || this.#isFull) this.flush();
      return;
    }
    if (isStart(frame) && this.#isAwaited(frame.dts90k)) this.#behind.push(frame);
    else this.#pass(frame);
  }

  /** Takes a picture of a further track. */
  addFurther(frame: UnplacedFrame): void {
    const track = frame.track ?? 0;
    let progress = this.#further.get(track);
    if (progress === undefined) this.#further.set(track, (progress = new Progress()));
    progress.note(frame.dts90k);
    const start = this.#behind[0];
    if (start !== undefined) {
      if (frame.dts90k < start.dts90k - this.#tolerance90k) this.#put(frame);
      else this.#ahead.push(frame);
      if (!this.#isAwaited(start.dts90k) || frame.dts90k - start.dts90k >= LONGEST_WAIT_90K || this.#isFull)
        this.#passBehind();
      return;
    }
    if (this.#ahead.length === 0 && this.#isDue(frame)) return this.#put(frame);
    this.#ahead.push(frame);
    this.#passAhead();
    if (this.#ahead.length > 0 && (frame.dts90k - this.#ahead[0]!.dts90k >= LONGEST_LEAD_90K || this.#isFull))
      this.#putAll(this.#ahead.splice(0));
  }

  /** Passes on what waits. */
  flush(): void {
    this.#passBehind();
    this.#putAll(this.#ahead.splice(0));
  }

  get #isFull(): boolean {
    return this.#ahead.length + this.#behind.length >= MAX_WAITING_FRAMES;
  }

  /** Times of one picture differ by less than half of what it takes. */
  get #tolerance90k(): number {
    return this.#first.step90k / 2;
  }

  /** Whether a further track has yet to reach the time of this place to start. */
  #isAwaited(start90k: number): boolean {
    for (const { newest90k, step90k } of this.#further.values())
      if (newest90k + step90k < start90k - this.#tolerance90k && newest90k > start90k - AWAY_90K) return true;
    return false;
  }

  /** Whether nothing of the first track that belongs before this frame can follow. */
  #isDue(frame: UnplacedFrame): boolean {
    const { newest90k, step90k } = this.#first;
    if (newest90k < frame.dts90k - this.#tolerance90k) return false;
    // A keyframe belongs behind one of the first track that is one picture later.
    if ((frame.flags & FrameFlag.trackStart) === 0) return true;
    return Math.abs(this.#start90k - frame.dts90k) <= step90k || newest90k >= frame.dts90k + step90k;
  }

  #pass(frame: UnplacedFrame): void {
    this.#put(frame);
    this.passed(frame.dts90k, frame.flags);
    if (this.#ahead.length > 0) this.#passAhead();
  }

  #passBehind(): void {
    for (const frame of this.#behind.splice(0)) this.#pass(frame);
  }

  /** Each track in its own order: what is behind a frame that waits waits too. */
  #passAhead(): void {
    const waiting = new Set<number>();
    const rest: UnplacedFrame[] = [];
    for (const frame of this.#ahead) {
      const track = frame.track ?? 0;
      if (waiting.has(track) || !this.#isDue(frame)) {
        waiting.add(track);
        rest.push(frame);
      } else this.#put(frame);
    }
    this.#ahead = rest;
  }

  #putAll(frames: readonly UnplacedFrame[]): void {
    for (const frame of frames) this.#put(frame);
  }
}

const isStart = ({ flags }: UnplacedFrame): boolean => (flags & START) !== 0;
