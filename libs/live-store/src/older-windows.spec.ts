// Playlists and segments in Redis in a rolling update: packagers and gateways of the release before run beside those of this one.
// See fixtures/release-0.1.0/README.md.
import { newId } from '@millrace/domain';
import type { ResumePoint } from '@millrace/domain';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  given,
  nextCommit,
  rebuild,
  samplePlaylist,
  SEGMENT_TYPE,
  segmentBytes,
  segmentName,
} from './contract/sample-streams.ts';
import type { Lease, LiveStore, SegmentCommit } from './live-store.ts';
import { liveStoreLimits } from './live-store-limits.ts';
import { createRedisLiveStore } from './live-store.redis.ts';
import { RedisKeys } from './redis/redis-keys.ts';
import { RedisLink } from './redis/redis-link.ts';
import { startRedisServer } from './testing/redis-server.ts';
import type { RedisServer } from './testing/redis-server.ts';

const fixture = new URL('../fixtures/release-0.1.0/redis-windows.ts', import.meta.url);

/** The adapter of the release before: the same calls, with its own form of resume points and entries. */
interface OlderWindows {
  commit(commit: unknown): Promise<{ readonly outcome: string }>;
  playlist(streamId: string): Promise<unknown>;
  segment(streamId: string, name: string): Promise<Uint8Array | undefined>;
}
const { RedisWindows } = (await import(fixture.href)) as {
  readonly RedisWindows: new (...args: readonly unknown[]) => OlderWindows;
};

let server: RedisServer;
let link: RedisLink;
let older: OlderWindows;
let store: LiveStore;
let streamId: string;
let lease: Lease;
beforeAll(async () => {
  server = await startRedisServer();
  store = await createRedisLiveStore({ url: server.url });
  link = new RedisLink({ url: server.url, name: 'older', timeoutMs: 2_000, maxReconnectDelayMs: 100, observer: {} });
  await link.open();
  older = new RedisWindows(link, link, new RedisKeys('millrace'), liveStoreLimits({}));
});
afterAll(async () => {
  await Promise.all([store.close(), link.close()]);
  await server.stop();
});
beforeEach(async () => {
  streamId = newId('str');
  lease = given(await store.acquireLease(streamId, 'packager-1', 60_000));
});
afterEach(() => store.releaseLease(lease));

/** A commit as the release before made it. */
function olderCommit({ playlist, segments, ...commit }: SegmentCommit) {
  return {
    ...commit,
    segments: segments.map(({ entry, bytes }) => ({ entry: withoutType(entry), bytes })),
    playlist: olderPlaylist(playlist),
  };
}
const olderPoint = ({ container, ...point }: ResumePoint) => ({ ...point, continuity: container.state });
const olderPlaylist = (playlist: SegmentCommit['playlist']) => ({
  ...playlist,
  head: olderPoint(playlist.head),
  resumePoints: playlist.resumePoints.map(olderPoint),
  segments: playlist.segments.map(withoutType),
});
const withoutType = ({ contentType: _, ...entry }: SegmentCommit['playlist']['segments'][number]) => entry;

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
const textOf = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString('hex');

describe('what the release before committed', () => {
  it('is read, and is gone on with', async () => {
    expect(await older.commit(olderCommit(rebuild(lease, 1, 4)))).toEqual({ outcome: 'committed' });
    const { segments, ...rest } = samplePlaylist(streamId, 1, 4);
    expect(await store.readPlaylist(streamId)).toEqual(plain({ ...rest, segments: segments.map(withoutType) }));
    const stored = await store.readSegment(streamId, segmentName(2));
    expect([textOf(stored?.bytes), stored?.contentType]).toEqual([textOf(segmentBytes(2)), 'video/mp2t']);

    expect(await store.commit(nextCommit(lease, 2, 5))).toEqual({ outcome: 'committed' });
    expect((await store.readPlaylist(streamId))?.head.mediaSequence).toBe(5);
    expect((await store.readSegment(streamId, segmentName(4)))?.contentType).toBe(SEGMENT_TYPE);
  });
});

describe('what this release commits', () => {
  it('is read by the release before, and is gone on with', async () => {
    expect(await store.commit(rebuild(lease, 1, 4))).toEqual({ outcome: 'committed' });
    const { segments, ...rest } = olderPlaylist(samplePlaylist(streamId, 1, 4));
    // Its packager passes on what it does not know of an entry.
    const entries = segments.map((entry) => ({ ...entry, contentType: SEGMENT_TYPE }));
    expect(await older.playlist(streamId)).toEqual(plain({ ...rest, segments: entries }));
    expect(textOf(await older.segment(streamId, segmentName(2)))).toBe(textOf(segmentBytes(2)));

    expect(await older.commit(olderCommit(nextCommit(lease, 2, 5)))).toEqual({ outcome: 'committed' });
    expect(await store.commit(nextCommit(lease, 3, 6))).toEqual({ outcome: 'committed' });
    expect(textOf(await older.segment(streamId, segmentName(5)))).toBe(textOf(segmentBytes(5)));
    expect((await store.readSegment(streamId, segmentName(5)))?.contentType).toBe(SEGMENT_TYPE);
  });

  it('gives a packager of the release before the numbers of a container that it does not know', async () => {
    const commit = rebuild(lease, 1, 4);
    const head = { ...commit.playlist.head, container: { name: 'later', state: { fragment: 7 } } };
    expect(await store.commit({ ...commit, playlist: { ...commit.playlist, head } })).toEqual({ outcome: 'committed' });
    const continuity = { pat: 0, pmt: 0, video: 0, audio: 0 };
    expect(await older.playlist(streamId)).toMatchObject({ head: { mediaSequence: 4, continuity } });
    expect((await store.readPlaylist(streamId))?.head).toEqual(head);
  });
});
