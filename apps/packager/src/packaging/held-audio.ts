// Audio that comes before the first picture, as many encoders send it: it belongs to the first segment.
import type { Frame } from '@millrace/domain';

/** Audio waits for the first picture no longer than this; then segments begin without one. 1 s. */
const LONGEST_WAIT_TICKS = 90_000;
/** Where pictures do come, but none yet to start with, the wait is as long as groups of pictures may be. 12 s. */
const LONGEST_WAIT_FOR_KEYFRAME_TICKS = 12 * 90_000;
/** Of what has waited for a keyframe while pictures came, no more than this goes before it. 100 ms. */
const LONGEST_LEAD_TICKS = 9_000;
/** As many frames as the longest wait can have and more: times that stand still must not make it grow. */
const MAX_HELD_FRAMES = 1_024;
const MAX_HELD_FRAMES_WITHOUT_PICTURES = 256;

export class HeldAudio {
  /** Whether pictures come that cannot be started with. */
  hasPictures = false;
  #frames: Frame[] = [];

  /** @returns whether the wait is over */
  add(frame: Frame): boolean {
    this.#frames.push(frame);
    const waited = Math.abs(frame.dts90k - this.#frames[0]!.dts90k);
    const { length } = this.#frames;
    return this.hasPictures
      ? waited > LONGEST_WAIT_FOR_KEYFRAME_TICKS || length >= MAX_HELD_FRAMES
      : waited > LONGEST_WAIT_TICKS || length >= MAX_HELD_FRAMES_WITHOUT_PICTURES;
  }

  /** The frames that waited and are not too old for what they are put before; none waits any more. */
  take(): { readonly frames: readonly Frame[]; readonly dropped: number } {
    const last = this.#frames.at(-1);
    const held = this.#frames;
    const hadPictures = this.hasPictures;
    this.hasPictures = false;
    if (last === undefined) return NOTHING;
    this.#frames = [];
    if (!hadPictures) return { frames: held, dropped: 0 };
    const frames = held.filter(({ dts90k }) => Math.abs(last.dts90k - dts90k) <= LONGEST_LEAD_TICKS);
    return { frames, dropped: held.length - frames.length };
  }
}

const NOTHING = { frames: [], dropped: 0 } as const;
