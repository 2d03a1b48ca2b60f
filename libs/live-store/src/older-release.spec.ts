// What the release of 2026-11-25 left in Redis: see testing/README.md. A packager and a gateway of this one go on from it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readResumePoint } from '@millrace/domain';
import type { PublishClaim, WrittenResumePoint } from '@millrace/domain';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRedisLiveStore } from './live-store.redis.ts';
import type { LiveStore, PlaylistState } from './live-store.ts';
import { startRedisServer } from './testing/redis-server.ts';
import type { RedisServer } from './testing/redis-server.ts';

type Entry =
  | { readonly key: string; readonly type: 'string'; readonly value: string }
  | { readonly key: string; readonly type: 'hash'; readonly value: Readonly<Record<string, string>> }
  | { readonly key: string; readonly type: 'zset'; readonly value: readonly string[] };

interface Recorded {
  readonly claim: PublishClaim;
  /** As that release had it: with resume points in the older form. */
  readonly playlist: Omit<PlaylistState, 'head' | 'resumePoints'> & {
    readonly head: WrittenResumePoint;
    readonly resumePoints: readonly WrittenResumePoint[];
  };
  readonly dump: readonly Entry[];
}
const recorded = JSON.parse(readFileSync(join(import.meta.dirname, 'testing/older-release.json'), 'utf8')) as Recorded;
const { streamId } = recorded.claim;
const playlist: PlaylistState = {
  ...recorded.playlist,
  head: readResumePoint(recorded.playlist.head)!,
  resumePoints: recorded.playlist.resumePoints.map((point) => readResumePoint(point)!),
};

let server: RedisServer;
let store: LiveStore;
beforeAll(async () => {
  server = await startRedisServer();
  const redis = new Redis(server.url);
  for (const entry of recorded.dump)
    if (entry.type === 'string') await redis.set(entry.key, entry.value);
    else if (entry.type === 'hash') await redis.hset(entry.key, entry.value);
    else
      for (let at = 0; at < entry.value.length; at += 2)
        await redis.zadd(entry.key, entry.value[at + 1]!, entry.value[at]!);
  redis.disconnect();
  store = await createRedisLiveStore({ url: server.url });
});
afterAll(async () => {
  await store.close();
  await server.stop();
});

describe('what an older release left in Redis', () => {
  it('is read: the claim of a publisher, and the playlist with its segments', async () => {
    expect((await store.readLiveStream(streamId))?.claim).toEqual(recorded.claim);
    expect(await store.readPlaylist(streamId)).toEqual(playlist);
    const { bytes, contentType } = (await store.readSegment(streamId, 's1.ts'))!;
    expect([Buffer.from(bytes).toString(), contentType]).toEqual(['second', 'video/mp2t']);
    expect(playlist.head.container).toEqual({ name: 'mpegts', state: { pat: 1, pmt: 2, video: 3, audio: 4 } });
  });

  it('is where a packager goes on', async () => {
    const lease = (await store.acquireLease(streamId, 'packager-2', 60_000))!;
    const entry = { ...playlist.segments[1]!, mediaSequence: 2, name: 's2.ts' };
    const { container } = playlist.head;
    const state = { ...container.state, metadata: 1 };
    const head = { ...playlist.head, mediaSequence: 3, container: { ...container, state } };
    const next = { ...playlist, segments: [...playlist.segments, entry], head };
    const resumePoints = [...playlist.resumePoints, playlist.head];
    const commit = { lease, segments: [{ entry, bytes: Buffer.from('third!') }], retentionMs: 60_000 };
    expect(await store.commit({ ...commit, playlist: { ...next, resumePoints }, expectedMediaSequence: 2 })).toEqual({
      outcome: 'committed',
    });
    expect((await store.readPlaylist(streamId))?.head).toEqual(head);
  });
});
