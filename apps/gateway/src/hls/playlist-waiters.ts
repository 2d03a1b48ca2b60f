// Requests for a stream that is not live yet are held: it is the one answer that makes hls.js, ffmpeg, VLC and Safari wait.
// To an error most players give up within seconds, to an empty playlist as well (README.md, "Players wait").
import type { Gauge, PlaceHolder, SharedPlaces } from '@millrace/service-kit';
import type { PlaylistCache } from './playlist-cache.ts';
import type { Representation } from './representation.ts';

/** How often a waiting request looks by itself: a change may go by untold. */
const LOOK_MS = 1_000;

export class PlaylistWaiters {
  readonly #stops = new Set<() => void>();
  #stopped = false;
  readonly #playlists: PlaylistCache;
  readonly #waitMs: number;
  readonly #places: SharedPlaces;
  readonly #gauge: Gauge;

  constructor(playlists: PlaylistCache, waitMs: number, places: SharedPlaces, gauge: Gauge) {
    this.#playlists = playlists;
    this.#waitMs = waitMs;
    this.#places = places;
    this.#gauge = gauge;
  }

  /**
   * Waits until there is a playlist.
   *
   * @param holder who waits, and for whose stream
   * @param gone aborted when the client went away
   * @returns undefined when there was none in time, or when too many wait already: in all, from this address, for this tenant
   */
  async wait(streamId: string, holder: PlaceHolder, gone: AbortSignal): Promise<Representation | undefined> {
    if (this.#stopped || this.#waitMs === 0) return undefined;
    const release = this.#places.take(holder);
    if (release === undefined) return undefined;
    const deadline = performance.now() + this.#waitMs;
    let wake: () => void = () => undefined;
    const stop = (): void => wake();
    const unwatch = this.#playlists.watch(streamId, () => wake());
    gone.addEventListener('abort', stop);
    this.#stops.add(stop);
    this.#gauge.set(this.#stops.size);
    try {
      for (;;) {
        const changed = new Promise<void>((resolve) => (wake = resolve));
        const found = await this.#playlists.media(streamId).catch((error: unknown) => ({ error }));
        const leftMs = deadline - performance.now();
        const over = leftMs <= 0 || gone.aborted || this.#stopped;
        if (found !== undefined && !('error' in found)) return found;
        // A live store that is away may come back while there is time.
        if (over && found !== undefined) throw found.error;
        if (over) return undefined;
        const timer = setTimeout(wake, Math.min(LOOK_MS, leftMs));
        await changed;
        clearTimeout(timer);
      }
    } finally {
      unwatch();
      gone.removeEventListener('abort', stop);
      this.#stops.delete(stop);
      release();
      this.#gauge.set(this.#stops.size);
    }
  }

  /** Lets all go, for a graceful stop. */
  stop(): void {
    this.#stopped = true;
    for (const stop of this.#stops) stop();
  }
}
