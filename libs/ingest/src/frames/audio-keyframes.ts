// Where a reader may start in a stream without video, or whose video has stopped.

/** Interval of keyframes in a stream without video. */
export const AUDIO_KEYFRAME_INTERVAL_90K = 90_000;
/** Video has stopped when this much audio has arrived since its last frame: on a bad uplink, encoders drop seconds of video. 15 s. */
export const VIDEO_GONE_90K = 15 * 90_000;
/** A longer interval between two audio frames is a pause, of which no more than this counts. 500 ms. */
const LONGEST_STEP_90K = 45_000;

/**
 * Decides which audio frames are keyframes: none while there is video. Time is measured in received audio, so it makes no difference how
 * far apart audio and video are, or whether one or both of them pause.
 */
export class AudioKeyframes {
  #hasVideo = false;
  #newestAudio90k: number | undefined;
  /** Audio received since the last video frame. */
  #heard90k = 0;
  #lastKeyframe90k: number | undefined;

  /** Whether audio continues without video. */
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
