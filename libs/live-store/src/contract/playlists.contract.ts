import { newId } from '@millrace/domain';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Lease, LiveStore } from '../live-store.ts';
import type { LiveStoreHarness, MakeHarness } from './live-store-harness.ts';
import { given, nextCommit, rebuild, samplePlaylist, segmentBytes, segmentName } from './sample-streams.ts';

const LONG_MS = 60_000;
const RETENTION_MS = 400;

/** What viewers can read, for how long, and how they hear of more. */
export function playlistsContract(makeHarness: MakeHarness): void {
  describe('playlists', () => {
    let harness: LiveStoreHarness;
    let packager: LiveStore;
    let gateway: LiveStore;
    let streamId: string;
    let lease: Lease;

    beforeEach(async () => {
      harness = await makeHarness();
      [packager, gateway] = [await harness.open(), await harness.open()];
      streamId = newId('str');
      lease = given(await packager.acquireLease(streamId, 'packager-a', LONG_MS));
    });
    afterEach(() => harness.close());

    const has = async (sequence: number, id = streamId): Promise<boolean> =>
      (await gateway.readSegment(id, segmentName(sequence))) !== undefined;

    it('knows nothing of a stream that was never packaged', async () => {
      const unknown = newId('str');
      expect(await gateway.readPlaylist(unknown)).toBeUndefined();
      expect(await gateway.readPlaylistText(unknown)).toBeUndefined();
      expect(await gateway.readSegment(unknown, segmentName(1))).toBeUndefined();
    });

    it('finds no segment by a name that none can have, and refuses a stream id that is none', async () => {
      await packager.commit(rebuild(lease, 1, 2));
      for (const name of ['', '.', '..', '../1.ts', '1-0a.ts\n', 'A.ts', 'a:b', '{a}', '*', '1 ', 'x'.repeat(129), 'ä'])
        expect(await gateway.readSegment(streamId, name)).toBeUndefined();
      await expect(gateway.readSegment(`${streamId}:lease`, '1-0a.ts')).rejects.toThrow(TypeError);
      await expect(gateway.readPlaylist('*')).rejects.toThrow(TypeError);
      await expect(gateway.readPlaylistText('')).rejects.toThrow(TypeError);
      expect(() => gateway.watchPlaylist('*', () => undefined)).toThrow(TypeError);
    });

    it('keeps a segment that left the list for the retention, and no longer', async () => {
      await packager.commit(rebuild(lease, 1, 4));
      await packager.commit(nextCommit(lease, 3, 5, { retentionMs: RETENTION_MS }));
      expect(await has(1)).toBe(true);
      await harness.until(async () => !(await has(1)) && !(await has(2)));
      expect(await has(3)).toBe(true);
      expect(await has(4)).toBe(true);
      expect(await gateway.readPlaylist(streamId)).toEqual(samplePlaylist(streamId, 3, 5));
    });

    it('keeps for the retention what a rebuild has thrown out, and what came without being listed', async () => {
      await packager.commit(rebuild(lease, 1, 3));
      const window = rebuild(lease, 3, 8, { retentionMs: RETENTION_MS });
      await packager.commit({ ...window, playlist: samplePlaylist(streamId, 5, 8) });
      expect(await has(4)).toBe(true);
      await harness.until(async () => !(await has(1)) && !(await has(2)) && !(await has(3)) && !(await has(4)));
      expect([await has(5), await has(6), await has(7)]).toEqual([true, true, true]);
    });

    it('lists a segment again that had left the list', async () => {
      await packager.commit(rebuild(lease, 1, 4));
      await packager.commit(nextCommit(lease, 3, 5, { retentionMs: RETENTION_MS }));
      await packager.commit(rebuild(lease, 2, 5));
      await harness.until(async () => !(await has(1)));
      expect(new Uint8Array((await gateway.readSegment(streamId, segmentName(2))) ?? [])).toEqual(segmentBytes(2));
    });

    it('serves an ended playlist for the retention, then keeps only the numbers, and they go on', async () => {
      await packager.commit(rebuild(lease, 1, 4));
      const end = { segments: [], playlist: samplePlaylist(streamId, 1, 4, true), expectedMediaSequence: 4 };
      await packager.commit(nextCommit(lease, 1, 4, { ...end, retentionMs: RETENTION_MS }));
      expect(await gateway.readPlaylistText(streamId)).toMatchObject({ ended: true });
      await harness.until(async () => (await gateway.readPlaylistText(streamId)) === undefined && !(await has(3)));
      expect(await gateway.readPlaylist(streamId)).toEqual({
        ...samplePlaylist(streamId, 1, 4, true),
        text: '',
        segments: [],
        resumePoints: [],
      });
      expect(await packager.commit(rebuild(lease, 2, 3))).toEqual({ outcome: 'out_of_step', storeMediaSequence: 4 });
      expect(await packager.commit(nextCommit(lease, 4, 5))).toEqual({ outcome: 'committed' });
      expect(await gateway.readPlaylist(streamId)).toEqual(samplePlaylist(streamId, 4, 5));
    });

    it('forgets also the numbers in the end', async () => {
      const forgetful = await makeHarness({ headTtlMs: 200, segmentBackstopMs: 1 });
      const store = await forgetful.open();
      const short = given(await store.acquireLease(streamId, 'packager-a', LONG_MS));
      await store.commit(rebuild(short, 1, 2, { retentionMs: 10 }));
      await forgetful.until(async () => (await store.readPlaylist(streamId)) === undefined);
      await forgetful.close();
    });

    it('tells who watches, through another handle too, until told to stop', async () => {
      let changes = 0;
      let others = 0;
      let stopped = 0;
      const stops = [
        gateway.watchPlaylist(streamId, () => changes++),
        packager.watchPlaylist(streamId, () => changes++),
        gateway.watchPlaylist(newId('str'), () => others++),
      ];
      const stop = gateway.watchPlaylist(streamId, () => stopped++);
      stop();
      stop();
      let head = 2;
      await packager.commit(rebuild(lease, 1, head));
      // A hint may be missed while the watch is still being set up: another commit follows.
      await harness.until(async () => {
        await packager.commit(nextCommit(lease, 1, ++head));
        return changes >= 4;
      });
      expect(stopped).toBe(0);
      const seen = others;
      stops.forEach((end) => end());
      const before = changes;
      let last = false;
      gateway.watchPlaylist(streamId, () => (last = true));
      await packager.commit(nextCommit(lease, 1, ++head));
      await harness.until(() => last);
      expect([changes, others]).toEqual([before, seen]);
    });

    it('keeps the segments of two streams apart, also under the same name', async () => {
      const otherId = newId('str');
      const other = given(await packager.acquireLease(otherId, 'packager-a', LONG_MS));
      await packager.commit(rebuild(lease, 1, 3));
      const bytes = Uint8Array.of(0, 13, 10, 255);
      const commit = rebuild(other, 1, 2);
      await packager.commit({ ...commit, segments: commit.segments.map(({ entry }) => ({ entry, bytes })) });
      expect(new Uint8Array((await gateway.readSegment(otherId, segmentName(1))) ?? [])).toEqual(bytes);
      expect(await has(2, otherId)).toBe(false);
      expect(new Uint8Array((await gateway.readSegment(streamId, segmentName(1))) ?? [])).toEqual(segmentBytes(1));
    });
  });
}
