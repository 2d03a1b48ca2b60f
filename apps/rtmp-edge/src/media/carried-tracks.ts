// Which tracks are carried when an encoder sends several of a kind (Enhanced RTMP v2, "Multitrack Streaming"), and their numbers in frames.
import type { MediaObserver, TrackName } from '@millrace/ingest';
import type { MultitrackBody } from '@millrace/protocol/flv';

/** "RECOMMENDED that trackId 0 be used for the default track". */
const DEFAULT_TRACK = 0;
/** One of each kind has its place, whether it comes or not. */
const FIRST_TRACKS = 2;

/** Tracks beside the first one of each kind: how many of a publish are carried, of both kinds together. */
export class FurtherTracks {
  /** Why none is carried at all; undefined when some are. Safe to log. */
  readonly refusal: string | undefined;
  readonly maximum: number;
  #carried = 0;

  /** @param maximum of all tracks of a publish, the first ones included. @param refusal why there is none beside the first ones */
  constructor(maximum: number, refusal?: string) {
    this.maximum = maximum;
    this.refusal = refusal;
  }

  /** @returns whether one more is carried */
  admit(): boolean {
    if (this.refusal !== undefined || this.#carried + FIRST_TRACKS >= this.maximum) return false;
    this.#carried++;
    return true;
  }
}

/**
 * The default track is the first one, with the number 0 in frames. Until it comes, and if it never does, the first one that came is. Others
 * keep the numbers that the encoder gave them. Those that are not carried are dropped, with a warning that names them once each of them has
 * come: when one of them comes again.
 */
export class CarriedTracks {
  readonly #kind: TrackName;
  readonly #further: FurtherTracks;
  readonly #observer: MediaObserver;
  readonly #onChange: (former: number) => void;
  /** The encoder's number of the first track. */
  #first: number | undefined;
  readonly #carried = new Set<number>();
  readonly #leftOut = new Map<number, string>();
  /** The tracks by their numbers, for people. */
  #detail = '';

  /** @param onChange another track is the first one from now on; what the former one has sent is no beginning for it any more */
  constructor(kind: TrackName, further: FurtherTracks, observer: MediaObserver, onChange: (former: number) => void) {
    this.#kind = kind;
    this.#further = further;
    this.#observer = observer;
    this.#onChange = onChange;
  }

  /** @param trackId 8 bits. @returns the number of the track in frames; undefined when it is not carried */
  numberOf(trackId: number): number | undefined {
    if (this.#first === undefined) this.#first = trackId;
    if (trackId === this.#first) return 0;
    if (trackId === DEFAULT_TRACK) {
      const former = this.#first;
      this.#first = trackId;
      this.#onChange(former);
      this.#admit(former);
      return 0;
    }
    if (this.#carried.has(trackId)) return trackId;
    const isKnown = this.#leftOut.has(trackId);
    if (!isKnown && this.#admit(trackId)) return trackId;
    this.#observer.leftOut(this.#kind);
    if (isKnown) this.#observer.warn('tracks_left_out', this.#kind, this.#detail);
    return undefined;
  }

  /** A track that was carried cannot be. @param why safe to log */
  leaveOut(trackId: number, why: string): void {
    this.#observer.leftOut(this.#kind);
    if (this.#leftOut.get(trackId) === why) this.#observer.warn('tracks_left_out', this.#kind, this.#detail);
    else this.#name(trackId, why);
  }

  #admit(trackId: number): boolean {
    if (this.#further.admit()) {
      this.#carried.add(trackId);
      return true;
    }
    this.#name(trackId, this.#further.refusal ?? `more than ${this.#further.maximum} tracks`);
    return false;
  }

  #name(trackId: number, why: string): void {
    this.#leftOut.set(trackId, why);
    const reasons = new Map<string, number[]>();
    for (const [id, reason] of this.#leftOut) reasons.set(reason, [...(reasons.get(reason) ?? []), id]);
    const tracks = [...reasons].map(([reason, ids]) => `track ${ids.sort((a, b) => a - b).join(', ')}: ${reason}`);
    this.#detail = `${this.#kind} ${tracks.join('; ')}`;
  }
}

/**
 * The tracks of a message, apart from each other: frames of one may be committed while those of another still wait for their place, so
 * they do not share the memory of their message, which is written again once a frame in it is committed.
 */
export function tracksApart(tracks: readonly MultitrackBody[]): readonly MultitrackBody[] {
  if (tracks.length < 2) return tracks;
  return tracks.map((track) => ({ ...track, body: Buffer.from(track.body) }));
}
