// Tracks beside the first one of each kind while the log is read.
import { FrameKind, isConfiguration } from '@millrace/domain';
import type { Frame } from '@millrace/domain';
import { readColours, readTrack, trackWithoutRecord } from '@millrace/media';
import type { Track } from '@millrace/media';
import { isCarriedInCmaf } from '../containers/cmaf.ts';

/** More than edges let through: a log with more is a mistake. */
const MAX_TRACKS = 64;
const TRACKS_OF_KIND = 2 ** 16;

/** Colours belong to a track of pictures. */
const keyOf = ({ kind, track = 0 }: Frame): number =>
  (kind === FrameKind.colour ? FrameKind.video : kind) * TRACKS_OF_KIND + track;

export class FurtherTrackState {
  readonly #tracks = new Map<number, Track>();

  /** Takes note of the track that a frame tells of. @returns false when it says nothing that can be understood, or carried */
  learn(frame: Frame): boolean {
    if (!isConfiguration(frame)) return this.trackOf(frame) !== undefined;
    const key = keyOf(frame);
    const last = this.#tracks.get(key);
    const track = frame.kind === FrameKind.colour ? last && readColours(frame, last) : readTrack(frame, last);
    if (track === undefined || !this.#hasRoom(key) || !isCarriedInCmaf(track)) return false;
    this.#tracks.set(key, track);
    return true;
  }

  /** The track of a media frame; undefined before its configuration. */
  trackOf(frame: Frame): Track | undefined {
    const key = keyOf(frame);
    const known = this.#tracks.get(key);
    if (known?.codec === frame.codec) return known;
    const plain = trackWithoutRecord(frame.codec);
    if (plain === undefined || !this.#hasRoom(key) || !isCarriedInCmaf(plain)) return undefined;
    const track = { ...plain, id: frame.track ?? 0 };
    this.#tracks.set(key, track);
    return track;
  }

  forget(): void {
    this.#tracks.clear();
  }

  #hasRoom(key: number): boolean {
    return this.#tracks.has(key) || this.#tracks.size < MAX_TRACKS;
  }
}
