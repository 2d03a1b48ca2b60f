// Where a subscriber that wants to start at a keyframe starts, when the log holds none.
import { isConfiguration, isRandomAccess } from '@millrace/domain';
import type { Frame } from '@millrace/domain';

/** More configuration frames in a row than any publisher sends; the oldest are forgotten. */
const MAX_CONFIGURATION_RUN = 16;

/** Keeps frames back until a keyframe comes, then lets it pass together with the configuration right before it. */
export class KeyframeGate {
  #run: Frame[] = [];

  /** Takes the next frame. @returns the frames to start with, or nothing yet */
  push(frame: Frame): readonly Frame[] {
    const last = this.#run.at(-1);
    if (last !== undefined && (last.epoch !== frame.epoch || last.sequence + 1 !== frame.sequence)) this.#run = [];
    if (isConfiguration(frame)) {
      this.#run.push(frame);
      if (this.#run.length > MAX_CONFIGURATION_RUN) this.#run.shift();
      return [];
    }
    const run = this.#run;
    this.#run = [];
    return isRandomAccess(frame) ? [...run, frame] : [];
  }
}
