// A viewer of a live stream that forgets nothing: it asks for the playlist again and again and keeps all that it is given.
import { setTimeout as delay } from 'node:timers/promises';
import { parsePlaylist } from './recording.ts';
import type { PlaylistVersion, Recording, SegmentBytes } from './recording.ts';
import { readPictures } from './ts-pictures.ts';

const POLL_MS = 100;
const ANSWER_MS = 10_000;

export class Viewer implements Recording {
  readonly playlists: PlaylistVersion[] = [];
  readonly segments: SegmentBytes[] = [];
  /** The highest number of a picture in a segment. */
  newestPicture = -1;
  readonly #uris = new Map<number, string>();
  readonly #urls: readonly string[];
  #gateway = 0;
  #watching: Promise<void> | undefined;
  #stopped = false;

  /** @param urls of the playlist on each gateway: it goes to the next when one fails, as a load balancer would */
  constructor(urls: readonly string[]) {
    this.#urls = urls;
  }

  start(): this {
    this.#watching = this.#watch();
    return this;
  }

  /** Asks for every segment that is still there once more: its bytes must be the same. Then it stops. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#watching;
    for (const { mediaSequence } of [...this.segments]) {
      const again = await this.#get(this.#uris.get(mediaSequence) ?? '').catch(() => undefined);
      if (again?.status === 200) this.segments.push({ mediaSequence, bytes: again.body });
    }
  }

  get newestSegment(): number {
    return this.segments.at(-1)?.mediaSequence ?? -1;
  }

  async #watch(): Promise<void> {
    while (!this.#stopped) {
      try {
        await this.#look();
      } catch {
        // A gateway that does not answer is what this is for: what counts is what the others say, or this one later.
        this.#gateway++;
      }
      await delay(POLL_MS);
    }
  }

  async #look(): Promise<void> {
    const { status, body } = await this.#get('index.m3u8');
    const text = body.toString();
    if (status >= 500) this.#gateway++;
    if (status !== 200) return;
    if (text !== this.playlists.at(-1)?.text) this.playlists.push({ atMs: performance.now(), text });
    for (const { mediaSequence, uri } of parsePlaylist(text).segments) {
      if (this.#uris.has(mediaSequence)) continue;
      const segment = await this.#get(uri);
      // Asked for again with the next look: a gateway may have lost its store for a moment.
      if (segment.status !== 200) return void this.#gateway++;
      this.#uris.set(mediaSequence, uri);
      this.segments.push({ mediaSequence, bytes: segment.body });
      const numbers = readPictures(segment.body).map(({ numbered }) => numbered?.number ?? -1);
      this.newestPicture = Math.max(this.newestPicture, ...numbers);
    }
  }

  async #get(uri: string): Promise<{ status: number; body: Buffer }> {
    const url = new URL(uri, this.#urls[this.#gateway % this.#urls.length]);
    const answer = await fetch(url, { signal: AbortSignal.timeout(ANSWER_MS) });
    return { status: answer.status, body: Buffer.from(await answer.arrayBuffer()) };
  }
}
