// One timeline over all epochs of a stream, as long as this process reads it: players do not accept times that go back.
import { FrameKind, isConfiguration } from '@millrace/domain';
import type { Frame } from '@millrace/domain';

/**
 * Where the timeline begins, in 90 kHz ticks: sound that is decoded a little before the first keyframe comes after it, and must
 * not be before 0. One second.
 */
const START_90K = 90_000;
/** How far after the last frame of an epoch the first one of the next is placed, in 90 kHz ticks: 40 ms. */
const STEP_90K = 3_600;

export class EpochTimeline {
  #epoch: number | undefined;
  #shift90k = 0;
  #newest90k = START_90K - STEP_90K;
  #newestVideo90k = 0;
  #newestOther90k = 0;

  /** @returns the decode time of a frame on this timeline: for no track does it ever go back */
  place(frame: Frame): number {
    const { kind, epoch, dts90k } = frame;
    if (epoch !== this.#epoch) {
      this.#epoch = epoch;
      this.#shift90k = this.#newest90k + STEP_90K - dts90k;
    }
    const isVideo = kind === FrameKind.video;
    // Configurations of sound are repeated at the time of a keyframe, and the sound that follows may be of a little before it.
    if (!isVideo && isConfiguration(frame)) return this.#newestOther90k || dts90k + this.#shift90k;
    const at90k = Math.max(dts90k + this.#shift90k, isVideo ? this.#newestVideo90k : this.#newestOther90k);
    if (isVideo) this.#newestVideo90k = at90k;
    else this.#newestOther90k = at90k;
    this.#newest90k = Math.max(this.#newest90k, at90k);
    return at90k;
  }
}
