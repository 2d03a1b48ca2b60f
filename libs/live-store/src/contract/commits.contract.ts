import { newId } from '@millrace/domain';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Lease, LiveStore, SegmentCommit } from '../live-store.ts';
import type { LiveStoreHarness, MakeHarness } from './live-store-harness.ts';
import {
  given,
  nextCommit,
  rebuild,
  samplePlaylist,
  segmentBytes,
  segmentEntry,
  segmentName,
} from './sample-streams.ts';

const LONG_MS = 60_000;
const COMMITTED = { outcome: 'committed' };
const STALE = { outcome: 'stale_lease' };

/** All or nothing, in step, and only under the newest lease. */
export function commitsContract(makeHarness: MakeHarness): void {
  describe('commits', () => {
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

    const segment = async (sequence: number): Promise<Uint8Array | undefined> => {
      const stored = await gateway.readSegment(streamId, segmentName(sequence));
      return stored && new Uint8Array(stored.bytes);
    };
    const expectHead = async (head: number | undefined): Promise<void> => {
      expect((await gateway.readPlaylist(streamId))?.head.mediaSequence).toBe(head);
      expect((await gateway.readPlaylistText(streamId))?.headMediaSequence).toBe(head);
    };

    it('makes segment, playlist and position readable, byte for byte', async () => {
      expect(await packager.commit(rebuild(lease, 7, 8))).toEqual(COMMITTED);
      expect(await packager.commit(nextCommit(lease, 7, 9))).toEqual(COMMITTED);
      const playlist = samplePlaylist(streamId, 7, 9);
      expect(await gateway.readPlaylist(streamId)).toEqual(playlist);
      expect(await gateway.readPlaylistText(streamId)).toEqual({
        text: playlist.text,
        ended: false,
        headMediaSequence: 9,
        updatedAtMs: playlist.updatedAtMs,
      });
      expect(await segment(7)).toEqual(segmentBytes(7));
      expect(await segment(8)).toEqual(segmentBytes(8));
      expect(await segment(9)).toBeUndefined();
    });

    it('writes a whole window in one step', async () => {
      expect(await packager.commit(rebuild(lease, 100, 115))).toEqual(COMMITTED);
      await expectHead(115);
      for (let sequence = 100; sequence < 115; sequence++)
        expect(await segment(sequence)).toEqual(segmentBytes(sequence));
    });

    it('writes a playlist without a new segment, as at the end of a stream', async () => {
      await packager.commit(rebuild(lease, 1, 3));
      const end: SegmentCommit = {
        ...nextCommit(lease, 1, 3),
        segments: [],
        playlist: samplePlaylist(streamId, 1, 3, true),
        expectedMediaSequence: 3,
      };
      expect(await packager.commit(end)).toEqual(COMMITTED);
      expect(await gateway.readPlaylistText(streamId)).toMatchObject({ ended: true, headMediaSequence: 3 });
      expect((await gateway.readPlaylist(streamId))?.ended).toBe(true);
    });

    it('refuses an older token, and writes nothing of it', async () => {
      await packager.commit(rebuild(lease, 1, 3));
      await packager.releaseLease(lease);
      const newer = given(await gateway.acquireLease(streamId, 'packager-b', LONG_MS));
      expect(await packager.commit(nextCommit(lease, 2, 4))).toEqual(STALE);
      expect(await packager.commit(rebuild(lease, 2, 9))).toEqual(STALE);
      await expectHead(3);
      expect(await segment(3)).toBeUndefined();
      expect(await gateway.readPlaylist(streamId)).toEqual(samplePlaylist(streamId, 1, 3));
      expect(await gateway.commit(nextCommit(newer, 2, 4))).toEqual(COMMITTED);
    });

    it('refuses a token that it has never issued, and one that has been released', async () => {
      expect(await packager.commit(rebuild({ ...lease, token: lease.token + 1 }, 1, 2))).toEqual(STALE);
      expect(await packager.commit(rebuild({ ...lease, streamId: newId('str') }, 1, 2))).toEqual(STALE);
      await packager.releaseLease(lease);
      expect(await packager.commit(rebuild(lease, 1, 2))).toEqual(STALE);
      await expectHead(undefined);
    });

    it('takes a commit under a lease that has expired but was not taken: its token is the newest', async () => {
      const other = newId('str');
      const short = given(await packager.acquireLease(other, 'packager-a', 50));
      const expiry = harness.nowMs() + 50;
      await harness.until(() => harness.nowMs() > expiry);
      expect(await packager.commit(rebuild(short, 1, 2))).toEqual(COMMITTED);
    });

    it('refuses a commit that does not follow on, says where the store is, and writes nothing', async () => {
      expect(await packager.commit(nextCommit(lease, 1, 2))).toEqual({
        outcome: 'out_of_step',
        storeMediaSequence: undefined,
      });
      expect(await segment(1)).toBeUndefined();
      await packager.commit(rebuild(lease, 1, 5));
      for (const head of [4, 5, 7, 8])
        expect(await packager.commit(nextCommit(lease, 3, head))).toEqual({
          outcome: 'out_of_step',
          storeMediaSequence: 5,
        });
      expect(await gateway.readPlaylist(streamId)).toEqual(samplePlaylist(streamId, 1, 5));
      expect(await segment(7)).toBeUndefined();
    });

    it('compares numbers as numbers', async () => {
      expect(await packager.commit(rebuild(lease, 8, 9))).toEqual(COMMITTED);
      expect(await packager.commit(rebuild(lease, 9, 10))).toEqual(COMMITTED);
      expect(await packager.commit(rebuild(lease, 8, 9))).toEqual({ outcome: 'out_of_step', storeMediaSequence: 10 });
      expect(await packager.commit(rebuild(lease, 2 ** 40, 2 ** 40 + 1))).toEqual(COMMITTED);
      expect(await packager.commit(nextCommit(lease, 2 ** 40, 2 ** 40 + 2))).toEqual(COMMITTED);
      await expectHead(2 ** 40 + 2);
    });

    it('rebuilds over a head that is lower or equal, never over a higher one', async () => {
      await packager.commit(rebuild(lease, 1, 5));
      expect(await packager.commit(rebuild(lease, 2, 5))).toEqual(COMMITTED);
      expect(await packager.commit(rebuild(lease, 4, 8))).toEqual(COMMITTED);
      expect(await packager.commit(rebuild(lease, 4, 7))).toEqual({ outcome: 'out_of_step', storeMediaSequence: 8 });
      expect(await gateway.readPlaylist(streamId)).toEqual(samplePlaylist(streamId, 4, 8));
    });

    it('answers a commit that comes again as it did the first time, and writes it once', async () => {
      await packager.commit(rebuild(lease, 1, 2));
      expect(await packager.commit(nextCommit(lease, 1, 3))).toEqual(COMMITTED);
      expect(await packager.commit(nextCommit(lease, 1, 3))).toEqual(COMMITTED);
      const another = nextCommit(lease, 2, 3);
      expect(await packager.commit(another)).toEqual({ outcome: 'out_of_step', storeMediaSequence: 3 });
      await packager.releaseLease(lease);
      const newer = given(await packager.acquireLease(streamId, 'packager-b', LONG_MS));
      expect(await packager.commit(nextCommit(newer, 1, 3))).toEqual({ outcome: 'out_of_step', storeMediaSequence: 3 });
    });

    it('takes one of two commits that race for the same place', async () => {
      await packager.commit(rebuild(lease, 1, 2));
      const racing = [packager.commit(nextCommit(lease, 1, 3)), gateway.commit(nextCommit(lease, 2, 3))];
      const outcomes = (await Promise.all(racing)).map(({ outcome }) => outcome);
      expect(outcomes.sort()).toEqual(['committed', 'out_of_step']);
    });

    it('refuses a commit that is wrong in itself, before anything is written', async () => {
      const good = rebuild(lease, 1, 3);
      const entry = { ...segmentEntry(1), name: '../1.ts' };
      const wrong: SegmentCommit[] = [
        { ...good, expectedMediaSequence: 4 },
        { ...good, retentionMs: 0 },
        { ...good, playlist: { ...good.playlist, resumePoints: [] } },
        { ...good, playlist: samplePlaylist(newId('str'), 1, 3) },
        { ...good, playlist: { ...good.playlist, segments: [entry, segmentEntry(2)] } },
        { ...good, segments: [{ entry, bytes: segmentBytes(1) }] },
        { ...good, segments: [...good.segments, ...good.segments] },
      ];
      for (const commit of wrong) await expect(packager.commit(commit)).rejects.toThrow(/commit: /);
      await expectHead(undefined);
      expect(await packager.commit(good)).toEqual(COMMITTED);
    });
  });
}
