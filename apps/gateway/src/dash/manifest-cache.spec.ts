// Which manifest viewers are given when their stream ends: one with its duration that they ask for once more, then one that is static.
import { IdPrefix, newId } from '@millrace/domain';
import { createMemoryLiveStore } from '@millrace/live-store';
import { expect, it } from 'vitest';
import { SampleLowLatency } from '../testing/sample-low-latency.ts';
import { ManifestCache } from './manifest-cache.ts';

const typeOf = (text = ''): [string | undefined, boolean] => [
  / type="(\w+)"/.exec(text)?.[1],
  text.includes('mediaPresentationDuration'),
];

it.each([
  ['that was watched while it was live', true],
  ['that nothing was asked of before', false],
])('a stream %s has its duration for some seconds before it is static, and stays so', async (_, isWatched) => {
  const streamId = newId(IdPrefix.liveStream);
  const store = createMemoryLiveStore();
  const stream = await SampleLowLatency.begin(store, streamId);
  await stream.addSegment();
  let nowMs = 5_000;
  const cache = new ManifestCache(store, 10, () => nowMs);
  const shown = async () => {
    const { head, ended } = (await store.readPlaylist(streamId))!;
    return typeOf((await cache.of(streamId, { headMediaSequence: head.mediaSequence, ended }))?.text);
  };
  if (isWatched) expect(await shown()).toEqual(['dynamic', false]);
  await stream.addSegment(true);
  expect(await shown()).toEqual(['dynamic', true]);
  nowMs += 11_000;
  expect(await shown()).toEqual(['dynamic', true]);
  nowMs += 1_000;
  expect(await shown()).toEqual(['static', true]);
  nowMs += 60_000;
  expect(await shown()).toEqual(['static', true]);
  await store.close();
});
