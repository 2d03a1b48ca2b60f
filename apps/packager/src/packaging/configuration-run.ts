// Configuration frames that came directly one after another: a segment that starts with the next frame starts with them.
import { FrameFlag, FrameKind, isRandomAccess } from '@millrace/domain';
import type { Frame } from '@millrace/domain';
import { findTrack, NO_TRACKS, readColours, readTrack, withTrack } from '@millrace/media';
import type { Track, Tracks } from '@millrace/media';

export class ConfigurationRun {
  /** The configuration frames themselves. */
  frames: Frame[] = [];
  /** Whether the timeline jumps at one of them. */
  discontinuity = false;
  readonly #carries: (track: Track) => boolean;
  /** The tracks that they tell of. */
  #told: Tracks = NO_TRACKS;

  /** @param carries whether there is a place for a track in segments */
  constructor(carries: (track: Track) => boolean) {
    this.#carries = carries;
  }

  /** @returns false when the frame says nothing that can be understood, or carried */
  add(frame: Frame, tracks: Tracks): boolean {
    const isColour = frame.kind === FrameKind.colour;
    const kind = isColour ? FrameKind.video : frame.kind;
    const last = findTrack(this.#told, kind, frame.track) ?? findTrack(tracks, kind, frame.track);
    const track = isColour ? last && readColours(frame, last) : readTrack(frame, last);
    if (track === undefined || (track !== last && !this.#carries(track))) return false;
    this.#told = withTrack(this.#told, track);
    this.frames.push(frame);
    if ((frame.flags & FrameFlag.discontinuity) !== 0) this.discontinuity = true;
    return true;
  }

  /**
   * The tracks from this media frame on. Before a place to start a run is complete: what it leaves out is gone (beside sound that is
   * marked as a keyframe there are no pictures). Before any other frame it adds.
   */
  tracksAt(frame: Frame, tracks: Tracks): Tracks {
    const isStart = isRandomAccess(frame);
    if (this.frames.length === 0 && !isStart) return tracks;
    const isPicture = frame.kind === FrameKind.video;
    const isGone = (track: Track): boolean =>
      isStart && (track.kind === FrameKind.video ? !isPicture : isPicture && this.frames.length > 0);
    let next = tracks;
    for (const track of tracks) if (isGone(track)) next = next.filter((other) => other !== track);
    for (const track of this.#told) if (!next.includes(track)) next = withTrack(next, track);
    return next;
  }

  /** Takes out the configuration frames; the next one begins another run. */
  take(): readonly Frame[] {
    if (this.frames.length === 0) return NONE;
    const { frames } = this;
    this.frames = [];
    this.discontinuity = false;
    this.#told = NO_TRACKS;
    return frames;
  }
}

const NONE: readonly Frame[] = [];
