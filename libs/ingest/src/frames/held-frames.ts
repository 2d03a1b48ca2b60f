// What comes before the first keyframe of an epoch.
import { FrameKind } from '@millrace/domain';
import type { Codec } from '@millrace/domain';

/** An encoder that names no video: audio begins by itself when this much of it has come. 1 s. */
export const HOLD_AUDIO_90K = 90_000;
/**
 * An encoder that names video, or names nothing: when this much has come. Players cannot go on when a program without pictures
 * gains them, so a late first picture is worth the wait. 10 s.
 */
export const DEFAULT_TRACK_WAIT_90K = 10 * 90_000;
/** Of what was held, no more than this goes before the first picture: hls.js does not begin where pictures begin 1 s late. 300 ms. */
export const HELD_LEAD_90K = 27_000;
export const MAX_HELD_FRAMES = 512;
export const MAX_HELD_BYTES = 1024 * 1024;

/** A frame that has no number yet. */
export interface HeldFrame {
  readonly kind: FrameKind;
  readonly codec: Codec;
  readonly flags: number;
  readonly dts90k: number;
  readonly payload: Uint8Array;
}

export class HeldFrames {
  readonly #frames: HeldFrame[] = [];
  #bytes = 0;
  readonly #trackWait90k: number;
  #limit90k: number;
  #firstAudio90k: number | undefined;

  /** @param trackWait90k how long audio waits for video that may come */
  constructor(trackWait90k: number) {
    this.#trackWait90k = trackWait90k;
    this.#limit90k = trackWait90k;
  }

  /** @param isExpected whether video is on its way */
  expectVideo(isExpected: boolean): void {
    this.#limit90k = isExpected ? this.#trackWait90k : Math.min(HOLD_AUDIO_90K, this.#trackWait90k);
  }

  get hasAudio(): boolean {
    return this.#firstAudio90k !== undefined;
  }

  /** @returns false when waiting is over: this frame was not kept */
  add(frame: HeldFrame): boolean {
    if (this.#frames.length >= MAX_HELD_FRAMES || this.#bytes + frame.payload.byteLength > MAX_HELD_BYTES) return false;
    if (frame.kind === FrameKind.audio) {
      this.#firstAudio90k ??= frame.dts90k;
      if (frame.dts90k - this.#firstAudio90k >= this.#limit90k) return false;
    }
    this.#frames.push(frame);
    this.#bytes += frame.payload.byteLength;
    return true;
  }

  /**
   * What was kept, in the order in which it came.
   * @param start90k decode time of the first picture; undefined when there is none
   */
  take(start90k: number | undefined): readonly HeldFrame[] {
    if (start90k === undefined) return this.#frames;
    return this.#frames.filter(({ kind, dts90k }) => kind !== FrameKind.audio || dts90k >= start90k - HELD_LEAD_90K);
  }
}
