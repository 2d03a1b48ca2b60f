import { newId } from '@millrace/domain';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Lease, LiveStore, SegmentCommit } from '../live-store.ts';
import type { LiveStoreHarness, MakeHarness } from './live-store-harness.ts';
import {
  given,
  nextCommit,
  rebuild,
  samplePlaylist,
  SEGMENT_TYPE,
  segmentBytes,
  segmentName,
} from './sample-streams.ts';

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

    const bytesOf = async (id: string, name: string): Promise<Uint8Array> =>
      new Uint8Array((await gateway.readSegment(id, name))?.bytes ?? []);
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
      await gateway.readPlaylistText(streamId);
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
      expect(await bytesOf(streamId, segmentName(2))).toEqual(segmentBytes(2));
    });

    it('says what a segment is, as its packager named it, and what one of the release before must be', async () => {
      const commit = rebuild(lease, 1, 3);
      const segments = commit.segments.map(({ entry, bytes }, i) => {
        const { contentType: _, ...older } = entry;
        return { entry: i === 0 ? entry : older, bytes };
      });
      await packager.commit({ ...commit, segments });
      const typeOf = async (n: number) => (await gateway.readSegment(streamId, segmentName(n)))?.contentType;
      expect([await typeOf(1), await typeOf(2)]).toEqual([SEGMENT_TYPE, 'video/mp2t']);
    });

    it('keeps an initialisation map as long as a segment that needs it, also when only some commits bring it', async () => {
      const maps = ['map-a.mp4', 'map-b.mp4'].map((name) => ({
        map: { name, contentType: 'video/mp4' },
        bytes: Buffer.from(name),
      }));
      const mapOf = (sequence: number) => maps[sequence < 4 ? 0 : 1]!;
      const withMaps = (commit: SegmentCommit): SegmentCommit => {
        const segments = commit.segments.map(({ entry, bytes }) => ({
          entry: { ...entry, map: mapOf(entry.mediaSequence).map },
          bytes,
        }));
        const listed = commit.playlist.segments.map((entry) => ({ ...entry, map: mapOf(entry.mediaSequence).map }));
        const needed = new Set(segments.map(({ entry }) => mapOf(entry.mediaSequence)));
        return { ...commit, segments, maps: [...needed], playlist: { ...commit.playlist, segments: listed } };
      };
      const readMap = async (name: string) => {
        const stored = await gateway.readSegment(streamId, name);
        return stored && [stored.contentType, Buffer.from(stored.bytes).toString()];
      };
      await packager.commit(withMaps(rebuild(lease, 1, 4)));
      expect(await readMap('map-a.mp4')).toEqual(['video/mp4', 'map-a.mp4']);
      expect((await gateway.readPlaylist(streamId))?.segments[0]?.map).toEqual(maps[0]!.map);
      await gateway.readPlaylistText(streamId);
      await packager.commit(withMaps(nextCommit(lease, 2, 5, { retentionMs: RETENTION_MS })));
      await harness.until(async () => !(await has(1)));
      expect(await readMap('map-a.mp4')).toBeDefined();
      await gateway.readPlaylistText(streamId);
      await packager.commit(withMaps(nextCommit(lease, 4, 6, { retentionMs: RETENTION_MS })));
      await harness.until(async () => (await readMap('map-a.mp4')) === undefined);
      expect(await readMap('map-b.mp4')).toEqual(['video/mp4', 'map-b.mp4']);
    });

    it.each([
      ['a content type with a parameter', { contentType: 'video/mp4; codecs="x"' }],
      ['a map that does not come with it', { map: { name: 'map-a.mp4', contentType: 'video/mp4' } }],
      ['a map whose name no file can have', { map: { name: '../secret', contentType: 'video/mp4' } }],
    ])('refuses a segment with %s', async (_, more) => {
      const { segments, ...commit } = rebuild(lease, 1, 2);
      const [segment] = segments;
      const wrong = [{ ...segment!, entry: { ...segment!.entry, ...more } }];
      await expect(packager.commit({ ...commit, segments: wrong })).rejects.toThrow('commit: ');
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
      expect(await bytesOf(otherId, segmentName(1))).toEqual(bytes);
      expect(await has(2, otherId)).toBe(false);
      expect(await bytesOf(streamId, segmentName(1))).toEqual(segmentBytes(1));
    });
  });
}
