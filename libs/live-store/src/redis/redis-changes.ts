// Hears of commits: one subscription for each process with a waiting caller.
import { PlaylistListeners } from '../playlist-listeners.ts';
import type { RedisLink } from './redis-link.ts';

/** Calls back who waits for a playlist. */
export class RedisChanges {
  readonly #link: RedisLink;
  readonly #channel: string;
  readonly #listeners = new PlaylistListeners();
  #wanted = false;

  constructor(link: RedisLink, channel: string) {
    this.#link = link;
    this.#channel = channel;
    link.redis.on('message', (_channel: string, streamId: string) => this.#listeners.changed(streamId));
    link.redis.on('ready', () => this.#subscribe());
  }

  add(streamId: string, onChange: () => void): () => void {
    if (!this.#wanted) {
      this.#wanted = true;
      this.#subscribe();
    }
    return this.#listeners.add(streamId, onChange);
  }

  clear(): void {
    this.#listeners.clear();
  }

  /** On every new connection again; what was said meanwhile was missed, so every caller reads once. */
  #subscribe(): void {
    if (!this.#wanted || !this.#link.isReady) return;
    this.#link.redis.subscribe(this.#channel).then(
      () => this.#listeners.allChanged(),
      // The connection was lost: the next one subscribes.
      () => undefined,
    );
  }
}
