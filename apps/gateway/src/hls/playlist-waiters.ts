// Requests that are held until the live store has what they ask for. Those for a stream that is not live yet: it is the one answer that makes hls.js, ffmpeg, VLC and Safari wait.
// To an error most players give up within seconds, to an empty playlist as well (README.md, "Players wait").
import type { Gauge, PlaceHolder, SharedPlaces } from '@millrace/service-kit';
import type { PlaylistCache } from './playlist-cache.ts';
import type { Representation } from './representation.ts';

export interface HeldRequest {
  readonly streamId: string;
  /** Who waits, and for whose stream. */
  readonly holder: PlaceHolder;
  readonly waitMs: number;
  /** Aborted when the client went away. */
  readonly gone: AbortSignal;
}

/** More requests are held than may be. */
export class TooManyHeld extends Error {
  constructor() {
    super('too many requests are held');
    this.name = 'TooManyHeld';
  }
}

const foundOf = <T>(value: T | undefined): { readonly value: T } | undefined =>
  value === undefined ? undefined : { value };

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
    return this.#until(streamId, this.#waitMs, gone, release, () => this.#playlists.media(streamId));
  }

  /**
   * Waits until `look` finds something, at most `waitMs`.
   *
   * @returns undefined when there was nothing in time
   * @throws TooManyHeld when too many wait already: in all, from this address, for this tenant
   */
  async hold<T>(
    { streamId, holder, waitMs, gone }: HeldRequest,
    look: () => Promise<T | undefined>,
  ): Promise<T | undefined> {
    if (this.#stopped) return undefined;
    const release = this.#places.take(holder);
    if (release === undefined) throw new TooManyHeld();
    return this.#until(streamId, waitMs, gone, release, look);
  }

  async #until<T>(
    streamId: string,
    waitMs: number,
    gone: AbortSignal,
    release: () => void,
    look: () => Promise<T | undefined>,
  ): Promise<T | undefined> {
    const deadline = performance.now() + waitMs;
    let wake: () => void = () => undefined;
    const stop = (): void => wake();
    const unwatch = this.#playlists.watch(streamId, () => wake());
    gone.addEventListener('abort', stop);
    this.#stops.add(stop);
    this.#gauge.set(this.#stops.size);
    try {
      for (;;) {
        const changed = new Promise<void>((resolve) => (wake = resolve));
        const found = await look().then(foundOf, (error: unknown) => ({ error }));
        const leftMs = deadline - performance.now();
        const over = leftMs <= 0 || gone.aborted || this.#stopped;
        if (found !== undefined && 'value' in found) return found.value;
        // A live store that is away may come back while there is time.
        if (over && found !== undefined) throw found.error;
        if (over) return undefined;
        const timer = setTimeout(wake, leftMs);
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
