import { newId } from '@millrace/domain';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CommittedFile } from '../commit-rules.ts';
import type { Lease, LiveStore, LowLatencyState, PartCommit, PlaylistState, SegmentCommit } from '../live-store.ts';
import type { LiveStoreHarness, MakeHarness } from './live-store-harness.ts';
import { given, nextCommit, samplePlaylist, segmentEntry } from './sample-streams.ts';

const LONG_MS = 60_000;
const COMMITTED = { outcome: 'committed' };
const MAP = { name: 'map-0.mp4', contentType: 'video/mp4' };

const partName = (mediaSequence: number, index: number): string => `v${mediaSequence}.${index}.m4s`;
const fileOf = (name: string): CommittedFile => ({ name, contentType: 'video/mp4', bytes: Buffer.from(name) });

/** The state after as many commits, when segment 8 is whole and 9 has as many parts. */
function stateAt(step: number, parts: number, head = 9): LowLatencyState {
  const part = (index: number) => ({ name: partName(head, index), ticks: 45_000, independent: index === 0 });
  const whole = { name: `v${head - 1}.m4s`, ticks: 180_000, map: MAP, programDateTimeMs: 0, parts: [] };
  const { durationMs, discontinuity, discontinuitySequence, independent } = segmentEntry(head - 1);
  const entry = { mediaSequence: head - 1, durationMs, discontinuity, discontinuitySequence, independent };
  const open = { map: MAP, programDateTimeMs: 2_000, parts: Array.from({ length: parts }, (_, index) => part(index)) };
  return {
    step,
    window: {
      partDurationMs: 500,
      entries: [{ ...entry, renditions: { video: whole } }],
      open: { discontinuity: false, renditions: { video: open } },
    },
    playlists: { video: { text: `# ${step} ${head} ${parts}`, nextMediaSequence: head, parts } },
  };
}

/** Segments and parts of a stream with low latency. */
export function partsContract(makeHarness: MakeHarness): void {
  describe('parts', () => {
    let harness: LiveStoreHarness;
    let packager: LiveStore;
    let gateway: LiveStore;
    let streamId: string;
    let lease: Lease;

    /** A list of segment 8, whole and in the video rendition. */
    const withSegment = (step: number, head = 9): SegmentCommit => {
      const lowLatency = stateAt(step, 0, head);
      const playlist: PlaylistState = { ...samplePlaylist(streamId, head - 1, head), lowLatency };
      const files = [fileOf(`v${head - 1}.m4s`), fileOf(MAP.name)];
      return nextCommit(lease, head - 1, head, {
        playlist,
        files,
        expectedMediaSequence: head === 9 ? undefined : head - 1,
      });
    };
    const withPart = (step: number, index: number, change: Partial<PartCommit> = {}): PartCommit => ({
      lease,
      files: [fileOf(partName(9, index))],
      expectedMediaSequence: 9,
      lowLatency: stateAt(step, index + 1),
      retentionMs: LONG_MS,
      updatedAtMs: 5,
      ...change,
    });
    const file = async (name: string): Promise<string | undefined> => {
      const stored = await gateway.readSegment(streamId, name);
      return stored && Buffer.from(stored.bytes).toString();
    };
    const renditions = async () => (await gateway.readPlaylistText(streamId))?.renditions;

    beforeEach(async () => {
      harness = await makeHarness();
      [packager, gateway] = [await harness.open(), await harness.open()];
      streamId = newId('str');
      lease = given(await packager.acquireLease(streamId, 'packager-a', LONG_MS));
      expect(await packager.commit(withSegment(1))).toEqual(COMMITTED);
    });
    afterEach(() => harness.close());

    it('are readable with their playlist in one step, and leave everything else as it was', async () => {
      const before = await gateway.readPlaylist(streamId);
      expect(await packager.commitParts(withPart(2, 0))).toEqual(COMMITTED);
      expect(await packager.commitParts(withPart(3, 1))).toEqual(COMMITTED);
      expect(await file(partName(9, 0))).toBe('v9.0.m4s');
      expect(await file(partName(9, 1))).toBe('v9.1.m4s');
      expect((await gateway.readSegment(streamId, partName(9, 0)))?.contentType).toBe('video/mp4');
      expect(await renditions()).toEqual(stateAt(3, 2).playlists);
      const after = await gateway.readPlaylist(streamId);
      expect(after?.lowLatency).toEqual(stateAt(3, 2));
      expect({ ...after, lowLatency: 0, updatedAtMs: 0 }).toEqual({ ...before, lowLatency: 0, updatedAtMs: 0 });
    });

    it('wake those that wait for the playlist', async () => {
      let changes = 0;
      const stop = gateway.watchPlaylist(streamId, () => void changes++);
      let step = 1;
      // A hint may be missed while the watch is still being set up: another commit follows.
      await harness.until(async () => {
        expect(await packager.commitParts(withPart(++step, step - 2))).toEqual(COMMITTED);
        return changes >= 3;
      });
      stop();
    });

    it('that are sent again change nothing', async () => {
      const commit = withPart(2, 0);
      expect(await packager.commitParts(commit)).toEqual(COMMITTED);
      expect(await packager.commitParts(commit)).toEqual(COMMITTED);
      expect(await packager.commitParts(withPart(3, 1))).toEqual(COMMITTED);
      // A copy of an older one that was on its way for long.
      expect(await packager.commitParts(commit)).toEqual({ outcome: 'out_of_step', storeMediaSequence: 9 });
      expect(await renditions()).toEqual(stateAt(3, 2).playlists);
    });

    it('are refused out of step: of another segment, or with a step left out', async () => {
      const other = { ...stateAt(2, 1), playlists: {} };
      const outOfStep = { outcome: 'out_of_step', storeMediaSequence: 9 };
      expect(await packager.commitParts(withPart(2, 0, { expectedMediaSequence: 10, lowLatency: other }))).toEqual(
        outOfStep,
      );
      expect(await packager.commitParts(withPart(3, 0))).toEqual(outOfStep);
      expect(await file(partName(9, 0))).toBeUndefined();
      expect(await renditions()).toEqual(stateAt(1, 0).playlists);
    });

    it('are refused under another lease, and where nothing was ever listed', async () => {
      await packager.releaseLease(lease);
      expect(await packager.commitParts(withPart(2, 0))).toEqual({ outcome: 'stale_lease' });
      const next = given(await gateway.acquireLease(streamId, 'packager-b', LONG_MS));
      expect(await packager.commitParts(withPart(2, 0))).toEqual({ outcome: 'stale_lease' });
      expect(await gateway.commitParts(withPart(2, 0, { lease: next }))).toEqual(COMMITTED);
      const unknown = given(await packager.acquireLease(newId('str'), 'packager-a', LONG_MS));
      expect(await packager.commitParts(withPart(2, 0, { lease: unknown }))).toEqual({
        outcome: 'out_of_step',
        storeMediaSequence: undefined,
      });
    });

    it('stay readable for the retention once their segment has left the list, and go then', async () => {
      await packager.commitParts(withPart(2, 0));
      await gateway.readPlaylistText(lease.streamId);
      const commit = withSegment(3, 10);
      expect(await packager.commit({ ...commit, retentionMs: 300 })).toEqual(COMMITTED);
      expect(await file(partName(9, 0))).toBe('v9.0.m4s');
      expect(await file('v9.m4s')).toBe('v9.m4s');
      await harness.until(async () => (await file(partName(9, 0))) === undefined);
      expect(await file('v9.m4s')).toBe('v9.m4s');
    });

    it('are gone from the playlist when the stream goes on with standard latency', async () => {
      await packager.commitParts(withPart(2, 0));
      expect(await packager.commit(nextCommit(lease, 8, 10))).toEqual(COMMITTED);
      expect(await renditions()).toBeUndefined();
      expect((await gateway.readPlaylist(streamId))?.lowLatency).toBeUndefined();
      const stale = withPart(3, 1, { expectedMediaSequence: 10, lowLatency: { ...stateAt(3, 2), playlists: {} } });
      expect(await packager.commitParts(stale)).toEqual({ outcome: 'out_of_step', storeMediaSequence: 10 });
    });

    it('are refused when the packager made them wrong', async () => {
      const twice = [fileOf(partName(9, 0)), fileOf(partName(9, 0))];
      await expect(packager.commitParts(withPart(2, 0, { files: twice }))).rejects.toThrow(RangeError);
      await expect(packager.commitParts(withPart(2, 0, { files: [fileOf('../a')] }))).rejects.toThrow(TypeError);
      await expect(packager.commitParts(withPart(2, 0, { retentionMs: 0 }))).rejects.toThrow(RangeError);
      await expect(packager.commitParts(withPart(2, 0, { expectedMediaSequence: 8 }))).rejects.toThrow(RangeError);
    });
  });
}
