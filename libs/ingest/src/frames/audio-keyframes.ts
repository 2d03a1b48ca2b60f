// Where a reader may start in a stream that has no video, or none any more.

/** A stream without video has a keyframe about this often. */
export const AUDIO_KEYFRAME_INTERVAL_90K = 90_000;
/** Video is gone when this much audio has come since its last frame: encoders on a bad uplink leave out seconds of it. 15 s. */
export const VIDEO_GONE_90K = 15 * 90_000;
/** Frames further apart have a pause between them, in which no audio came: of that, no more than this counts. 500 ms. */
const LONGEST_STEP_90K = 45_000;

/**
 * Decides which audio frames are keyframes: none while there is video. Time is counted in audio that came, so neither a constant
 * distance between audio and video changes anything, nor a pause of audio or of both.
 */
export class AudioKeyframes {
  #hasVideo = false;
  #newestAudio90k: number | undefined;
  /** How much audio has come since the last video frame. */
  #heard90k = 0;
  #lastKeyframe90k: number | undefined;

  /** Whether audio goes on without video. */
  get isAlone(): boolean {
    return !this.#hasVideo && this.#lastKeyframe90k !== undefined;
  }

  videoSeen(): void {
    this.#hasVideo = true;
    this.#heard90k = 0;
    this.#lastKeyframe90k = undefined;
  }

  /** @returns whether this audio frame is a keyframe */
  audioSeen(dts90k: number): boolean {
    this.#heard90k += Math.min(dts90k - (this.#newestAudio90k ?? dts90k), LONGEST_STEP_90K);
    this.#newestAudio90k = dts90k;
    if (this.#hasVideo) {
      if (this.#heard90k <= VIDEO_GONE_90K) return false;
      this.#hasVideo = false;
    }
    const last = this.#lastKeyframe90k;
    if (last !== undefined && dts90k - last < AUDIO_KEYFRAME_INTERVAL_90K) return false;
    this.#lastKeyframe90k = dts90k;
    return true;
  }
}
