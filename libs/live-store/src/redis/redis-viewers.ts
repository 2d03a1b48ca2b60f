// Viewers in Redis: a sorted set for each playback id, and each group with a limit, by when each viewer was last seen.
import type { LiveStoreLimits } from '../live-store-limits.ts';
import type { ViewerGroup, ViewerNotes } from '../viewer-notes.ts';
import type { RedisKeys } from './redis-keys.ts';
import type { RedisLink } from './redis-link.ts';
import { runScript } from './redis-scripts.ts';

/** What the script answers. */
const FULL = 0;
const ADDED = 2;
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

  async admit(name: string, groups: readonly ViewerGroup[]): Promise<ViewerGroup | undefined> {
    const { viewerTtlMs } = this.#limits;
    return this.#link.call('admitViewer', async (redis) => {
      const added: string[] = [];
      for (const group of groups) {
        const key = this.#keys.viewers(group.id);
        const answer = Number(await runScript(redis, 'millraceAdmitViewer', [key], [viewerTtlMs, group.max, name]));
        if (answer === ADDED) added.push(key);
        if (answer !== FULL) continue;
        await Promise.all(added.map((other) => redis.zrem(other, name)));
        return group;
      }
      return undefined;
    });
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

  #noteBatch(redis: Parameters<typeof runScript>[0], batch: ViewerNotes): Promise<unknown> {
    const { playbackId, seen, left, groups = [] } = batch;
    const { viewerTtlMs, maxViewersPerPlayback } = this.#limits;
    const args = [viewerTtlMs, maxViewersPerPlayback, left.length, ...left, ...seen];
    return Promise.all(
      [playbackId, ...groups].map((id) => runScript(redis, 'millraceNoteViewers', [this.#keys.viewers(id)], args)),
    );
  }
}

/** Those who have left go first, as in one call. */
function batchesOf({ playbackId, seen, left, groups = [] }: ViewerNotes): ViewerNotes[] {
  const batches: ViewerNotes[] = [];
  for (let i = 0; i < left.length; i += NAMES_PER_SCRIPT)
    batches.push({ playbackId, seen: [], left: left.slice(i, i + NAMES_PER_SCRIPT), groups });
  for (let i = 0; i < seen.length; i += NAMES_PER_SCRIPT)
    batches.push({ playbackId, seen: seen.slice(i, i + NAMES_PER_SCRIPT), left: [], groups });
  return batches;
}
