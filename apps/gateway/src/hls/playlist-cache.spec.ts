// What requests are shown while the playlist of their stream is being read.
import { IdPrefix, newId } from '@millrace/domain';
import { createMemoryLiveStore } from '@millrace/live-store';
import type { LiveStore } from '@millrace/live-store';
import { createLogger } from '@millrace/service-kit';
import { parseMediaPlaylist } from '@millrace/protocol/hls/testing';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { SampleLowLatency } from '../testing/sample-low-latency.ts';
import { PlaylistCache } from './playlist-cache.ts';
import type { RenditionView } from './rendition-view.ts';

const streamId = newId(IdPrefix.liveStream);
let store: LiveStore;
let stream: SampleLowLatency;
let cache: PlaylistCache;

beforeEach(async () => {
  store = createMemoryLiveStore();
  stream = await SampleLowLatency.begin(store, streamId);
  await stream.addSegment();
  cache = new PlaylistCache(store, {
    staleMs: 10_000,
    maxStreams: 10,
    logger: createLogger({ service: 'gateway', level: 'silent' }),
  });
});
afterEach(async () => {
  cache.close();
  await store.close();
});

/** Lets reads wait at what they have read, until `release`. */
function holdReads(): { readonly release: () => void } {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const read = store.readPlaylistText.bind(store);
  vi.spyOn(store, 'readPlaylistText').mockImplementation(async (id) => {
    const text = await read(id);
    await promise;
    return text;
  });
  return { release: () => resolve(undefined) };
}

const partsOf = (view: RenditionView | undefined): number =>
  parseMediaPlaylist(Buffer.from(view!.whole.body).toString()).open?.parts.length ?? 0;

it('shows all of them what has come, not only the one for which it is read', async () => {
  await stream.addPart();
  const { release } = holdReads();
  const asked = [1, 2, 3].map(() => cache.rendition(streamId, 'video'));
  expect([cache.fresh(streamId, Date.now()), cache.freshRendition(streamId, 'video', Date.now())]).toEqual([
    undefined,
    undefined,
  ]);
  release();
  expect((await Promise.all(asked)).map(partsOf)).toEqual([1, 1, 1]);
});

it('reads once more for those that ask after a change that came while it was read', async () => {
  await stream.addPart();
  const { release } = holdReads();
  const before = cache.rendition(streamId, 'video');
  await stream.addPart();
  const after = [1, 2].map(() => cache.rendition(streamId, 'video'));
  release();
  expect((await Promise.all(after)).map(partsOf)).toEqual([2, 2]);
  expect(partsOf(await before)).toBeGreaterThan(0);
  expect(vi.mocked(store.readPlaylistText)).toHaveBeenCalledTimes(2);
});

it('reads a playlist that is asked for all the time before it is too old, and shows what it has meanwhile', async () => {
  const first = await cache.media(streamId);
  const { release } = holdReads();
  const read = vi.mocked(store.readPlaylistText);
  const now = Date.now();
  cache.renew(streamId, now + 300);
  expect(read).not.toHaveBeenCalled();
  cache.renew(streamId, now + 400);
  cache.renew(streamId, now + 450);
  expect(read).toHaveBeenCalledTimes(1);
  expect(cache.fresh(streamId, now + 450)).toBe(first);
  expect(cache.fresh(streamId, now + 600)).toBeUndefined();
  release();
  expect(await cache.media(streamId)).toBe(first);
  expect(read).toHaveBeenCalledTimes(1);
});

it('shows nothing old when a playlist changes while it is read again', async () => {
  await cache.media(streamId);
  const { release } = holdReads();
  const now = Date.now();
  cache.renew(streamId, now + 400);
  await stream.addPart();
  expect(cache.fresh(streamId, now + 400)).toBeUndefined();
  release();
  expect(partsOf(await cache.rendition(streamId, 'video'))).toBe(1);
});

it('reads a change at once where requests come, and only there', async () => {
  await cache.media(streamId);
  const read = vi.spyOn(store, 'readPlaylistText');
  await stream.addPart();
  await expect.poll(() => partsOf(cache.freshRendition(streamId, 'video', Date.now()))).toBe(1);
  expect(read).toHaveBeenCalledTimes(1);
  vi.useFakeTimers({ now: Date.now() + 60_000, toFake: ['Date'] });
  try {
    await stream.addPart();
    expect(read).toHaveBeenCalledTimes(1);
  } finally {
    vi.useRealTimers();
  }
});
