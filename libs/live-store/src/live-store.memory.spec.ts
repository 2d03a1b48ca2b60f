import { newId } from '@millrace/domain';
import { describe, expect, it } from 'vitest';
import type { SegmentCommit } from './live-store.ts';
import {
  again,
  claimed,
  given,
  nextCommit,
  rebuild,
  sampleRequest,
  segmentEntry,
  segmentName,
} from './contract/sample-streams.ts';
import { liveStoreContract } from './live-store.contract.ts';
import { createMemoryLiveStore, MemoryLiveStore } from './live-store.memory.ts';

const STEP_MS = 20;
const MOST_STEPS = 10_000;

liveStoreContract('memory', async (limits) => {
  let now = Date.now();
  const store = new MemoryLiveStore({ outageMs: 3_600_000, ...limits, nowMs: () => now });
  return {
    open: async () => store,
    nowMs: () => now,
    until: async (condition) => {
      for (let step = 0; step < MOST_STEPS; step++) {
        if (await condition()) return;
        now += STEP_MS;
        store.sweep();
      }
      throw new Error('the condition never held');
    },
    close: () => store.close(),
  };
});

describe('the memory of one process', () => {
  const LONG_MS = 60_000;

  it('keeps no process alive', async () => {
    const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = timers();
    const store = createMemoryLiveStore();
    expect(timers()).toBe(before);
    await store.close();
  });

  it('hands out the very bytes that were committed', async () => {
    const store = createMemoryLiveStore();
    const lease = given(await store.acquireLease(newId('str'), 'packager', LONG_MS));
    const commit = rebuild(lease, 1, 2);
    await store.commit(commit);
    expect((await store.readSegment(lease.streamId, segmentName(1)))?.bytes).toBe(commit.segments[0]?.bytes);
    expect(await store.readPlaylist(lease.streamId)).toBe(commit.playlist);
    await store.close();
  });

  it('frees what has left the list when its retention is over, and all of it in the end', async () => {
    let now = 1_795_000_000_000;
    const store = createMemoryLiveStore({ nowMs: () => now, segmentBackstopMs: 1_000 });
    const lease = given(await store.acquireLease(newId('str'), 'packager', LONG_MS));
    await store.commit(rebuild(lease, 1, 4, { retentionMs: 10_000 }));
    await store.readPlaylistText(lease.streamId);
    await store.commit(nextCommit(lease, 3, 5, { retentionMs: 10_000 }));
    expect(store.heldSegmentBytes).toBe(4 * 512);
    now += 10_000;
    store.sweep();
    expect(store.heldSegmentBytes).toBe(2 * 512);
    now += 20_000;
    store.sweep();
    expect(store.heldSegmentBytes).toBe(0);
    await store.close();
  });

  it('frees at once what leaves the list, where no reader has had a playlist with it', async () => {
    const store = createMemoryLiveStore();
    const lease = given(await store.acquireLease(newId('str'), 'packager', LONG_MS));
    const has = async (n: number) => (await store.readSegment(lease.streamId, segmentName(n))) !== undefined;
    await store.commit(rebuild(lease, 1, 4));
    await store.commit(nextCommit(lease, 3, 5));
    expect(store.heldSegmentBytes).toBe(2 * 512);
    expect(await store.readPlaylistText(lease.streamId)).toBeDefined();
    await store.commit(nextCommit(lease, 4, 6));
    // In the list that was read; and not in the first.
    expect([await has(1), await has(3), await has(4), await has(5)]).toEqual([false, true, true, true]);
    await store.commit(nextCommit(lease, 6, 7));
    expect([await has(3), await has(4), await has(5)]).toEqual([true, true, true]);
    await store.commit(nextCommit(lease, 7, 8));
    await store.commit(nextCommit(lease, 8, 9));
    expect(store.heldSegmentBytes).toBe(5 * 512);
    await store.close();
  });

  it('uses the memory of segments again that no reader has had', async () => {
    const store = createMemoryLiveStore();
    const { segmentPool } = store;
    const lease = given(await store.acquireLease(newId('str'), 'packager', LONG_MS));
    const commit = (first: number, head: number): SegmentCommit => {
      const pooled = segmentPool.take(20_000).fill(head);
      return nextCommit(lease, first, head, {
        segments: [{ entry: segmentEntry(head - 1), bytes: pooled }],
        expectedMediaSequence: head === 2 ? undefined : head - 1,
      });
    };
    await store.commit(commit(1, 2));
    await store.commit(commit(2, 3));
    expect(segmentPool.freeBytes).toBeGreaterThanOrEqual(20_000);
    const third = commit(3, 4);
    expect(segmentPool.freeBytes).toBe(0);
    const read = await store.readSegment(lease.streamId, segmentName(2));
    await store.commit(third);
    await store.commit(commit(4, 5));
    store.sweep();
    expect(read?.bytes).toEqual(Buffer.alloc(20_000, 3));
    await store.close();
  });

  it('counts bytes once when a segment comes again', async () => {
    const store = createMemoryLiveStore({ maxSegmentBytes: 3 * 512 });
    const lease = given(await store.acquireLease(newId('str'), 'packager', LONG_MS));
    for (let i = 0; i < 3; i++) expect((await store.commit(rebuild(lease, 1, 4))).outcome).toBe('committed');
    expect(store.heldSegmentBytes).toBe(3 * 512);
    await store.close();
  });

  it('is bounded: what has left the lists goes first, then commits fail and change nothing', async () => {
    const store = createMemoryLiveStore({ maxSegmentBytes: 4 * 512 });
    const lease = given(await store.acquireLease(newId('str'), 'packager', LONG_MS));
    await store.commit(rebuild(lease, 1, 4));
    await store.commit(nextCommit(lease, 3, 5));
    expect(await store.commit(nextCommit(lease, 3, 6))).toEqual({ outcome: 'committed' });
    expect(await store.readSegment(lease.streamId, segmentName(1))).toBeUndefined();
    await store.commit(nextCommit(lease, 3, 7));
    await expect(store.commit(nextCommit(lease, 3, 8))).rejects.toMatchObject({ code: 'full', operation: 'commit' });
    expect((await store.readPlaylistText(lease.streamId))?.headMediaSequence).toBe(7);
    expect(store.heldSegmentBytes).toBe(4 * 512);
    await store.close();
  });

  it('remembers so many records and no more', async () => {
    const store = createMemoryLiveStore({ maxRecords: 2 });
    for (const key of ['a', 'b', 'a', 'c']) await store.remember(key, key, LONG_MS);
    expect([await store.recall('a'), await store.recall('b'), await store.recall('c')]).toEqual(['a', undefined, 'c']);
    await store.close();
  });

  it('gives epochs and tokens that grow over a restart', async () => {
    let now = 1_795_000_000_000;
    const request = sampleRequest();
    const before = createMemoryLiveStore({ nowMs: () => now });
    const claim = claimed(await before.claimPublish(request)).claim;
    const lease = given(await before.acquireLease(request.streamId, 'packager', LONG_MS));
    await before.close();
    now += 1;
    const after = createMemoryLiveStore({ nowMs: () => now });
    expect(claimed(await after.claimPublish(again(request))).claim.epoch).toBeGreaterThan(claim.epoch);
    expect(given(await after.acquireLease(request.streamId, 'packager', LONG_MS)).token).toBeGreaterThan(lease.token);
    await after.close();
  });
});
