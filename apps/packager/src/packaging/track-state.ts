// Which tracks are in force while the log is read, and which frames they make decodable.
import { FrameFlag, FrameKind, isConfiguration, isRandomAccess } from '@millrace/domain';
import type { Frame, ResumePoint } from '@millrace/domain';
import { findTrack, NO_TRACKS, trackWithoutRecord } from '@millrace/media';
import type { Track, Tracks } from '@millrace/media';
import { ConfigurationRun } from './configuration-run.ts';
import type { LeftOutReason } from './left-out.ts';

export class TrackState {
  tracks: Tracks = NO_TRACKS;
  readonly #run: ConfigurationRun;
  /** Whether pictures that are left out had a place to start since the newest sound. */
  #startWaits = false;

  /** @param carries whether there is a place for a track in segments */
  constructor(carries: (track: Track) => boolean) {
    this.#run = new ConfigurationRun(carries);
  }

  /** Takes note of a frame that is left out. Sound beside such pictures has no place to start of its own: it takes over theirs. */
  leave(frame: Frame, reason: LeftOutReason): void {
    if (reason === 'codec' && frame.kind === FrameKind.video && isRandomAccess(frame)) this.#startWaits = true;
  }

  /** This frame, as a place to start when one waits for it. */
  placed(frame: Frame): Frame {
    if (!this.#startWaits || isConfiguration(frame)) return frame;
    // Pictures that are packaged have places to start of their own.
    if (frame.kind === FrameKind.video) this.#startWaits = false;
    if (frame.kind !== FrameKind.audio) return frame;
    this.#startWaits = false;
    return { ...frame, flags: frame.flags | FrameFlag.keyframe };
  }

  /** Takes a configuration frame. It counts from the next media frame on. @returns false when no decoder could use it */
  configure(frame: Frame): boolean {
    return this.#run.add(frame, this.tracks);
  }

  /** Where a segment that starts with this media frame starts: at the configuration frames right before it. */
  startOf(frame: Frame): number {
    return this.#run.frames[0]?.sequence ?? frame.sequence;
  }

  /** Whether the timeline jumps at this media frame or at the configuration right before it. */
  jumpsAt(frame: Frame): boolean {
    return this.#run.discontinuity || (frame.flags & FrameFlag.discontinuity) !== 0;
  }

  /**
   * Puts in force what holds from this media frame on.
   * @returns the configuration frames right before it
   */
  settle(frame: Frame): readonly Frame[] {
    let next = this.#run.tracksAt(frame, this.tracks);
    const other = findTrack(next, frame.kind, frame.track);
    if (other !== undefined && other.codec !== frame.codec && trackWithoutRecord(frame.codec) !== undefined)
      next = next.filter((track) => track !== other);
    if (!isSameList(next, this.tracks)) this.tracks = next;
    return this.#run.take();
  }

  /** Whether a segment can start with this settled frame so that it needs no other. */
  canStartWith(frame: Frame): boolean {
    if (!isRandomAccess(frame) || this.trackOf(frame) === undefined) return false;
    return frame.kind === FrameKind.video || findTrack(this.tracks, FrameKind.video) === undefined;
  }

  /**
   * The track of this settled frame; undefined when it has none. A track whose codec has no configuration records is there with its
   * frames alone, and not among `tracks`: a packager that resumes behind them could not know of it.
   */
  trackOf(frame: Frame): Track | undefined {
    const track = findTrack(this.tracks, frame.kind, frame.track);
    if (track === undefined) return trackWithoutRecord(frame.codec);
    return track.codec === frame.codec ? track : undefined;
  }

  forget(): void {
    this.tracks = NO_TRACKS;
    this.#startWaits = false;
    this.#run.take();
  }
}

const isSameList = (a: Tracks, b: Tracks): boolean =>
  a === b || (a.length === b.length && a.every((track, index) => track === b[index]));

/**
 * Whether a segment cannot go on because its tracks change.
 * @param point the state before the segment. What follows a discontinuity, or is the first of all, may still gain tracks:
 *   encoders begin with one of them; later the program would change within what players take for one
 * @param unrecorded the track in the segment that has no configuration record: another one of its kind does not join it
 */
export function endsBetween(last: Tracks, next: Tracks, point: ResumePoint, unrecorded: Track | undefined): boolean {
  if (last === next) return false;
  const mayJoin = point.discontinuity || point.targetDurationSeconds === 0;
  for (const track of last) if (!next.includes(track)) return true;
  return next.some((track) => !last.includes(track) && (!mayJoin || track.kind === unrecorded?.kind));
}
