// What this participant sends: one track per source at most, the same to every peer.
import type { MuteState } from '../messages.ts';
import { MEDIA_SOURCES } from './media-source.ts';
import type { MediaSource } from './media-source.ts';

/** The parts of a MediaStreamTrack that publishing touches. */
export type PublishedTrack = Pick<MediaStreamTrack, 'enabled' | 'kind'>;

export class PublishedMedia<Track extends PublishedTrack = MediaStreamTrack> {
  readonly #tracks = new Map<MediaSource, Track>();
  readonly #muted = new Set<MediaSource>();

  track(source: MediaSource): Track | undefined {
    return this.#tracks.get(source);
  }

  /** @param track undefined: nothing is sent from this source any more */
  set(source: MediaSource, track: Track | undefined): void {
    if (track === undefined) {
      this.#tracks.delete(source);
      return;
    }
    track.enabled = !this.#muted.has(source);
    this.#tracks.set(source, track);
  }

  /** A muted track goes on as silence or black: nothing has to be negotiated, and the device stays open. */
  setMuted(source: MediaSource, muted: boolean): void {
    if (muted) this.#muted.add(source);
    else this.#muted.delete(source);
    const track = this.#tracks.get(source);
    if (track !== undefined) track.enabled = !muted;
  }

  isMuted(source: MediaSource): boolean {
    return this.#muted.has(source) || !this.#tracks.has(source);
  }

  muteState(): MuteState {
    const [audio, video, screen] = MEDIA_SOURCES.map((source) => this.isMuted(source)) as [boolean, boolean, boolean];
    return { audio, video, screen };
  }
}
