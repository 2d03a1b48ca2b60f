// Whether further tracks of pictures have keyframes where segments begin: at keyframes of the first track. Packagers judge by the same rule
// which renditions players can switch between; here the encoder is told.
import { TICKS_PER_MS } from '@millrace/domain';
import type { MediaObserver } from '@millrace/ingest';

/** Beginnings of segments in a row that a track has missed: one may be an accident. */
const MISSED_IN_A_ROW = 2;
/** A group of pictures may be as much shorter than a segment. */
const TARGET_TOLERANCE_90K = 50 * TICKS_PER_MS;
/** RTMP rounds times to milliseconds. */
const JITTER_90K = TICKS_PER_MS;

class FurtherTrack {
  /** Decode time of its newest keyframe. */
  start90k = -Infinity;
  /** Whether it has sent pictures before the segment began, and since. */
  wasThere = false;
  isThere = true;
  isMet = false;
  missed = 0;
}

export class TrackAlignment {
  readonly #observer: Pick<MediaObserver, 'warn'>;
  readonly #target90k: number;
  readonly #tracks = new Map<number, FurtherTrack>();
  /** Where the segment begins that comes now; undefined before the first one. */
  #segment90k: number | undefined;
  #newest90k = 0;
  /** From one picture of the first track to the next, in the segment that comes now. */
  #pictures = 0;
  #frame90k = 0;

  /** @param segmentTargetMs how long segments are to last */
  constructor(observer: Pick<MediaObserver, 'warn'>, segmentTargetMs: number) {
    this.#observer = observer;
    this.#target90k = segmentTargetMs * TICKS_PER_MS - TARGET_TOLERANCE_90K;
  }

  /** A picture of the first track. */
  first(dts90k: number, isStart: boolean): void {
    if (this.#pictures > 0) this.#frame90k = dts90k - this.#newest90k;
    this.#newest90k = dts90k;
    this.#pictures++;
    if (!isStart) return;
    const elapsed90k = dts90k - (this.#segment90k ?? -Infinity);
    if (elapsed90k < this.#target90k && elapsed90k >= 0) return;
    this.#judge();
    this.#segment90k = dts90k;
    for (const track of this.#tracks.values()) {
      track.wasThere = track.isThere;
      track.isThere = false;
      track.isMet = this.#meets(track.start90k);
    }
  }

  /** A picture of another track. */
  further(number: number, dts90k: number, isStart: boolean): void {
    let track = this.#tracks.get(number);
    if (track === undefined) this.#tracks.set(number, (track = new FurtherTrack()));
    track.isThere = true;
    if (!isStart) return;
    track.start90k = dts90k;
    if (this.#meets(dts90k)) track.isMet = true;
  }

  #meets(start90k: number): boolean {
    return this.#segment90k !== undefined && Math.abs(start90k - this.#segment90k) <= this.#frame90k + JITTER_90K;
  }

  #judge(): void {
    const missing: number[] = [];
    for (const [number, track] of this.#tracks) {
      if (!track.wasThere || !track.isThere) continue;
      track.missed = track.isMet ? 0 : track.missed + 1;
      if (track.missed >= MISSED_IN_A_ROW) missing.push(number);
    }
    if (missing.length > 0) this.#observer.warn('tracks_unaligned', 'video', `track ${missing.join(', ')}`);
  }
}
