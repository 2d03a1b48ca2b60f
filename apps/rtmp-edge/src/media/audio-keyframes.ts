// Where a reader may start in a stream that has no video, or none any more.

/** A stream without video has a keyframe about this often. */
export const AUDIO_KEYFRAME_INTERVAL_90K = 90_000;
/** Video is gone when this much audio has come since its last frame. */
export const VIDEO_GONE_90K = 5 * 90_000;

/**
 * Decides which audio frames are keyframes: none while there is video. Time is counted in audio alone, so a constant
 * distance between audio and video changes nothing.
 */
export class AudioKeyframes {
  #hasVideo = false;
  #newestAudio90k: number | undefined;
  /** How far audio was when the last video frame came. */
  #audioAtVideo90k: number | undefined;
  #lastKeyframe90k: number | undefined;

  /** @returns whether this is the first video frame after video was gone */
  videoSeen(): boolean {
    const returns = !this.#hasVideo && this.#lastKeyframe90k !== undefined;
    this.#hasVideo = true;
    this.#audioAtVideo90k = this.#newestAudio90k;
    this.#lastKeyframe90k = undefined;
    return returns;
  }

  /** @returns whether this audio frame is a keyframe */
  audioSeen(dts90k: number): boolean {
    this.#newestAudio90k = dts90k;
    if (this.#hasVideo) {
      this.#audioAtVideo90k ??= dts90k;
      if (dts90k - this.#audioAtVideo90k <= VIDEO_GONE_90K) return false;
      this.#hasVideo = false;
    }
    const last = this.#lastKeyframe90k;
    if (last !== undefined && dts90k - last < AUDIO_KEYFRAME_INTERVAL_90K) return false;
    this.#lastKeyframe90k = dts90k;
    return true;
  }
}
