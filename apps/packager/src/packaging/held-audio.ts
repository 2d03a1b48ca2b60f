// Audio that comes before the first picture, as many encoders send it: it belongs to the first segment.
import type { Frame } from '@millrace/domain';

/** Audio waits for the first picture no longer than this; then segments begin without one. 1 s. */
const LONGEST_WAIT_TICKS = 90_000;
/** As many frames as 1 s can have and more: times that stand still must not make it grow. */
const MAX_HELD_FRAMES = 256;

export class HeldAudio {
  #frames: Frame[] = [];

  /** @returns whether the wait is over */
  add(frame: Frame): boolean {
    this.#frames.push(frame);
    const waited = Math.abs(frame.dts90k - this.#frames[0]!.dts90k);
    return waited > LONGEST_WAIT_TICKS || this.#frames.length >= MAX_HELD_FRAMES;
  }

  /** The frames that waited; none waits any more. */
  take(): Frame[] {
    if (this.#frames.length === 0) return NONE;
    const frames = this.#frames;
    this.#frames = [];
    return frames;
  }
}

const NONE: Frame[] = [];
