// Which track of each kind is carried when an encoder sends several (Enhanced RTMP v2, "Multitrack Streaming").
import type { MediaObserver, TrackName } from '@millrace/ingest';

/** "RECOMMENDED that trackId 0 be used for the default track". */
const DEFAULT_TRACK = 0;

/**
 * The default track is carried. Until it comes, and if it never does, the first one that came is. The others are dropped, with a
 * warning that names them once each of them has come: when one of them comes again.
 */
export class CarriedTrack {
  readonly #kind: TrackName;
  readonly #observer: MediaObserver;
  readonly #onChange: () => void;
  #carried: number | undefined;
  readonly #leftOut = new Set<number>();
  /** The tracks by their numbers, for people. */
  #detail = '';

  /** @param onChange another track is carried from now on */
  constructor(kind: TrackName, observer: MediaObserver, onChange: () => void) {
    this.#kind = kind;
    this.#observer = observer;
    this.#onChange = onChange;
  }

  /** Whether what has come of a track is carried. @param trackId 8 bits */
  takes(trackId: number): boolean {
    if (this.#carried === undefined) this.#carried = trackId;
    if (trackId === this.#carried) return true;
    if (trackId === DEFAULT_TRACK) {
      this.#leaveOut(this.#carried);
      this.#carried = trackId;
      this.#onChange();
      return true;
    }
    this.#observer.leftOut(this.#kind);
    if (this.#leftOut.has(trackId)) this.#observer.warn('tracks_left_out', this.#kind, this.#detail);
    else this.#leaveOut(trackId);
    return false;
  }

  #leaveOut(trackId: number): void {
    this.#leftOut.add(trackId);
    const ids = [...this.#leftOut].sort((a, b) => a - b);
    this.#detail = `${this.#kind}: not carried: track ${ids.join(', ')}`;
  }
}
