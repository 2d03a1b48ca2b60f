// What comes before the first keyframe of an epoch.
import { FrameKind } from '@millrace/domain';
import type { Codec } from '@millrace/domain';

/** Without any sign of video, audio begins by itself when this much of it has come. */
export const HOLD_AUDIO_90K = 90_000;
/** With a video configuration, and no keyframe yet, when this much has come. */
export const HOLD_AUDIO_FOR_VIDEO_90K = 3 * 90_000;
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
  #limit90k = HOLD_AUDIO_90K;
  #firstAudio90k: number | undefined;

  /** Video is on its way: its first keyframe is worth a longer wait. */
  expectVideo(): void {
    this.#limit90k = HOLD_AUDIO_FOR_VIDEO_90K;
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

  /** Everything that was kept, in the order in which it came. */
  take(): readonly HeldFrame[] {
    return this.#frames;
  }
}
