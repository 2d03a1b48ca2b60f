// The frames that arrive before the first keyframe of an epoch.
import { FrameKind } from '@millrace/domain';
import type { UnplacedFrame } from './track-order.ts';

/** If the encoder announced that it sends no video: audio begins alone after this much of it. 1 s. */
export const HOLD_AUDIO_90K = 90_000;
/**
 * If it announced video, or nothing: audio begins alone after this much. Players cannot continue when a stream without video gains it, so
 * a late first picture is worth the wait. 10 s.
 */
export const DEFAULT_TRACK_WAIT_90K = 10 * 90_000;
/** Most held audio that is published before the first picture: hls.js does not start if pictures begin 1 s late. 300 ms. */
export const HELD_LEAD_90K = 27_000;
export const MAX_HELD_FRAMES = 512;
export const MAX_HELD_BYTES = 1024 * 1024;

export class HeldFrames {
  readonly #frames: UnplacedFrame[] = [];
  /** Of the first tracks. */
  #count = 0;
  #bytes = 0;
  /** Of further tracks, which never end the wait of the first ones. */
  #furtherCount = 0;
  #furtherBytes = 0;
  readonly #trackWait90k: number;
  #limit90k: number;
  #firstAudio90k: number | undefined;

  /** @param trackWait90k how long audio waits for video */
  constructor(trackWait90k: number) {
    this.#trackWait90k = trackWait90k;
    this.#limit90k = trackWait90k;
  }

  /** @param isExpected whether video will follow */
  expectVideo(isExpected: boolean): void {
    this.#limit90k = isExpected ? this.#trackWait90k : Math.min(HOLD_AUDIO_90K, this.#trackWait90k);
  }

  get hasAudio(): boolean {
    return this.#firstAudio90k !== undefined;
  }

  /** @returns false when the wait is over, or there is no room for a further track: this frame was not held */
  add(frame: UnplacedFrame): boolean {
    const { byteLength } = frame.payload;
    if ((frame.track ?? 0) !== 0) {
      if (this.#furtherCount >= MAX_HELD_FRAMES || this.#furtherBytes + byteLength > MAX_HELD_BYTES) return false;
      this.#furtherCount++;
      this.#furtherBytes += byteLength;
    } else {
      if (this.#count >= MAX_HELD_FRAMES || this.#bytes + byteLength > MAX_HELD_BYTES) return false;
      if (frame.kind === FrameKind.audio) {
        this.#firstAudio90k ??= frame.dts90k;
        if (frame.dts90k - this.#firstAudio90k >= this.#limit90k) return false;
      }
      this.#count++;
      this.#bytes += byteLength;
    }
    this.#frames.push(frame);
    return true;
  }

  /**
   * The held frames, in the order of their arrival.
   * @param start90k decode time of the first picture; undefined when there is none
   */
  take(start90k: number | undefined): readonly UnplacedFrame[] {
    if (start90k === undefined) return this.#frames;
    return this.#frames.filter(({ kind, dts90k }) => kind !== FrameKind.audio || dts90k >= start90k - HELD_LEAD_90K);
  }
}
