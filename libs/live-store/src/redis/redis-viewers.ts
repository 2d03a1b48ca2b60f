// Viewers in Redis: a sorted set for each playback id, by when each viewer was last seen.
import type { LiveStoreLimits } from '../live-store-limits.ts';
import type { ViewerNotes } from '../viewer-notes.ts';
import type { RedisKeys } from './redis-keys.ts';
import type { RedisLink } from './redis-link.ts';
import { runScript } from './redis-scripts.ts';

/** Most names in one script: it holds up no claim for longer than a millisecond or two. */
const NAMES_PER_SCRIPT = 1_000;

export class RedisViewers {
  readonly #link: RedisLink;
  readonly #keys: RedisKeys;
  readonly #limits: Pick<LiveStoreLimits, 'viewerTtlMs' | 'maxViewersPerPlayback'>;

  constructor(
    link: RedisLink,
    keys: RedisKeys,
    limits: Pick<LiveStoreLimits, 'viewerTtlMs' | 'maxViewersPerPlayback'>,
  ) {
    this.#link = link;
    this.#keys = keys;
    this.#limits = limits;
  }

  async note(notes: readonly ViewerNotes[]): Promise<void> {
    const batches = notes.flatMap(batchesOf);
    await this.#link.call('noteViewers', (redis) => Promise.all(batches.map((batch) => this.#noteBatch(redis, batch))));
  }

  async count(playbackIds: readonly string[]): Promise<number[]> {
    const counts = await this.#link.call('countViewers', (redis) =>
      Promise.all(
        playbackIds.map((id) =>
          runScript(redis, 'millraceCountViewers', [this.#keys.viewers(id)], [this.#limits.viewerTtlMs]),
        ),
      ),
    );
    return counts.map(Number);
  }

  #noteBatch(redis: Parameters<typeof runScript>[0], { playbackId, seen, left }: ViewerNotes): Promise<unknown> {
    const { viewerTtlMs, maxViewersPerPlayback } = this.#limits;
    const args = [viewerTtlMs, maxViewersPerPlayback, left.length, ...left, ...seen];
    return runScript(redis, 'millraceNoteViewers', [this.#keys.viewers(playbackId)], args);
  }
}

/** Those who have left go first, as in one call. */
function batchesOf({ playbackId, seen, left }: ViewerNotes): ViewerNotes[] {
  const batches: ViewerNotes[] = [];
  for (let i = 0; i < left.length; i += NAMES_PER_SCRIPT)
    batches.push({ playbackId, seen: [], left: left.slice(i, i + NAMES_PER_SCRIPT) });
  for (let i = 0; i < seen.length; i += NAMES_PER_SCRIPT)
    batches.push({ playbackId, seen: seen.slice(i, i + NAMES_PER_SCRIPT), left: [] });
  return batches;
}
