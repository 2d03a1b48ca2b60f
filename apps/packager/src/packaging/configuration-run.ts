// Configuration frames that came directly one after another: a segment that starts with the next frame starts with them.
import { FrameFlag, FrameKind, isRandomAccess, type Frame } from '@millrace/domain';
import {
  type AacProgram,
  type Tracks,
  readAacConfiguration,
  readVideoConfiguration,
  type VideoProgram,
} from './program.ts';

export class ConfigurationRun {
  /** The configuration frames themselves. */
  frames: Frame[] = [];
  /** Whether the timeline jumps at one of them. */
  discontinuity = false;
  #video: VideoProgram | undefined;
  #aac: AacProgram | undefined;

  /** @returns false when the frame says nothing that can be understood */
  add(frame: Frame, tracks: Tracks): boolean {
    if (frame.kind === FrameKind.video) {
      const video = readVideoConfiguration(frame, this.#video ?? tracks.video);
      if (video === undefined) return false;
      this.#video = video;
    } else {
      const aac = readAacConfiguration(frame, this.#aac ?? tracks.aac);
      if (aac === undefined) return false;
      this.#aac = aac;
    }
    this.frames.push(frame);
    if ((frame.flags & FrameFlag.discontinuity) !== 0) this.discontinuity = true;
    return true;
  }

  /**
   * The tracks from this media frame on. Before a place to start a run is complete: what it leaves out is gone (MP3 has no
   * configuration; beside sound that is marked as a keyframe there are no pictures). Before any other frame it adds.
   */
  tracksAt(frame: Frame, tracks: Tracks): Tracks {
    const isStart = isRandomAccess(frame);
    if (this.frames.length === 0 && !isStart) return tracks;
    const isPicture = frame.kind === FrameKind.video;
    const video = this.#video ?? (isStart && !isPicture ? undefined : tracks.video);
    const aac = this.#aac ?? (isStart && this.frames.length > 0 && isPicture ? undefined : tracks.aac);
    return video === tracks.video && aac === tracks.aac ? tracks : { video, aac };
  }

  /** Takes out the configuration frames; the next one begins another run. */
  take(): readonly Frame[] {
    if (this.frames.length === 0) return NONE;
    const { frames } = this;
    this.frames = [];
    this.discontinuity = false;
    this.#video = undefined;
    this.#aac = undefined;
    return frames;
  }
}

const NONE: readonly Frame[] = [];
