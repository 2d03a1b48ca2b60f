// Which tracks are in force while the log is read, and which frames they make decodable.
import {
  Codec,
  type Frame,
  FrameFlag,
  FrameKind,
  isConfiguration,
  isRandomAccess,
  type ResumePoint,
} from '@millrace/domain';
import { ConfigurationRun } from './configuration-run.ts';
import type { LeftOutReason } from './left-out.ts';
import { NO_TRACKS, type Tracks } from './program.ts';

export class TrackState {
  tracks: Tracks = NO_TRACKS;
  readonly #run = new ConfigurationRun();
  /** Whether pictures that are left out had a place to start since the newest sound. */
  #startWaits = false;

  /** Takes note of a frame that is left out. Sound beside such pictures has no place to start of its own: it takes over theirs. */
  leave(frame: Frame, reason: LeftOutReason): void {
    if (reason === 'codec' && frame.kind === FrameKind.video && isRandomAccess(frame)) this.#startWaits = true;
  }

  /** This frame, as a place to start when one waits for it. */
  placed(frame: Frame): Frame {
    if (!this.#startWaits || frame.kind !== FrameKind.audio || isConfiguration(frame)) return frame;
    this.#startWaits = false;
    return { ...frame, flags: frame.flags | FrameFlag.keyframe };
  }

  /** Takes a configuration frame. It counts from the next media frame on. @returns false when nobody can understand it */
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
    this.tracks = this.#run.tracksAt(frame, this.tracks);
    if (frame.codec === Codec.mp3 && this.tracks.aac !== undefined) this.tracks = { ...this.tracks, aac: undefined };
    return this.#run.take();
  }

  /** Whether a segment can start with this settled frame so that it needs no other. */
  canStartWith(frame: Frame): boolean {
    if (!isRandomAccess(frame) || !this.carries(frame)) return false;
    return frame.kind === FrameKind.video || this.tracks.video === undefined;
  }

  /** Whether there is a track for this settled frame. */
  carries(frame: Frame): boolean {
    switch (frame.codec) {
      case Codec.h264:
        return this.tracks.video !== undefined;
      case Codec.aac:
        return this.tracks.aac !== undefined;
      default:
        return frame.codec === Codec.mp3;
    }
  }

  forget(): void {
    this.tracks = NO_TRACKS;
    this.#startWaits = false;
    this.#run.take();
  }
}

/**
 * Whether a segment cannot go on because its tracks change.
 * @param point the state before the segment. What follows a discontinuity, or is the first of all, may still gain tracks:
 *   encoders begin with one of them; later the program would change within what players take for one
 * @param hasMp3 whether the segment has MP3 in it
 */
export function endsBetween(last: Tracks, next: Tracks, point: ResumePoint, hasMp3: boolean): boolean {
  if (last === next) return false;
  const mayJoin = point.discontinuity || point.targetDurationSeconds === 0;
  return differs(last.video, next.video, mayJoin) || differs(last.aac, next.aac, mayJoin && !hasMp3);
}

/** Whether a segment with these tracks announces another program than the one before it. */
export const isOtherProgram = (last: Tracks, next: Tracks): boolean =>
  last.video !== next.video || last.aac !== next.aac;

// Repeated configurations are given back as the object that they repeat.
const differs = <T>(last: T | undefined, next: T | undefined, mayJoin: boolean): boolean =>
  last !== next && !(last === undefined && mayJoin);
