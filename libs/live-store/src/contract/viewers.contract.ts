import { newId } from '@millrace/domain';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LiveStore } from '../live-store.ts';
import type { LiveStoreHarness, MakeHarness } from './live-store-harness.ts';

/** Who watches. */
export function viewersContract(makeHarness: MakeHarness): void {
  describe('viewers', () => {
    let harness: LiveStoreHarness;
    let store: LiveStore;
    const a = newId('pbk');
    const b = newId('pbk');

    beforeEach(async () => {
      harness = await makeHarness({ viewerTtlMs: 400, maxViewersPerPlayback: 5 });
      store = await harness.open();
    });
    afterEach(() => harness.close());

    it('count once, however many processes see them, for each playback id', async () => {
      const other = await harness.open();
      await store.noteViewers([
        { playbackId: a, seen: ['x', 'y'], left: [] },
        { playbackId: b, seen: ['x'], left: [] },
      ]);
      await other.noteViewers([{ playbackId: a, seen: ['y', 'z'], left: [] }]);
      expect(await other.countViewers([b, a, newId('pbk')])).toEqual([1, 3, 0]);
      expect(await store.countViewers([])).toEqual([]);
      await store.noteViewers([]);
    });

    it('count no more once they have left, or were not seen for a while', async () => {
      await store.noteViewers([{ playbackId: a, seen: ['x', 'y', 'z'], left: [] }]);
      await store.noteViewers([{ playbackId: a, seen: ['z'], left: ['x', 'unknown'] }]);
      expect(await store.countViewers([a])).toEqual([2]);
      await harness.until(async () => {
        await store.noteViewers([{ playbackId: a, seen: ['z'], left: [] }]);
        return (await store.countViewers([a]))[0] === 1;
      });
      await harness.until(async () => (await store.countViewers([a]))[0] === 0);
    });

    it('are no more than the limit of a playback id; those who are counted stay so', async () => {
      await store.noteViewers([{ playbackId: a, seen: ['1', '2', '3', '4', '5', '6', '7'], left: [] }]);
      await store.noteViewers([{ playbackId: a, seen: ['1', '8'], left: [] }]);
      expect(await store.countViewers([a])).toEqual([5]);
      await store.noteViewers([{ playbackId: a, seen: ['8'], left: ['2'] }]);
      expect(await store.countViewers([a])).toEqual([5]);
    });

    it('are many in one call', async () => {
      const many = await makeHarness({ viewerTtlMs: 60_000, maxViewersPerPlayback: 10_000 });
      const large = await many.open();
      const seen = Array.from({ length: 2_500 }, (_, i) => `v${i}`);
      await large.noteViewers([{ playbackId: a, seen, left: [] }]);
      expect(await large.countViewers([a])).toEqual([2_500]);
      await large.noteViewers([{ playbackId: a, seen: [], left: seen.slice(0, 1_200) }]);
      expect(await large.countViewers([a])).toEqual([1_300]);
      await many.close();
    });

    it('have names, and nothing else becomes part of a key', async () => {
      await expect(store.noteViewers([{ playbackId: '*', seen: [], left: [] }])).rejects.toThrow(TypeError);
      await expect(store.countViewers(['a b'])).rejects.toThrow(TypeError);
      for (const name of ['', 'a b', 'x'.repeat(33), 'ä']) {
        await expect(store.noteViewers([{ playbackId: a, seen: [name], left: [] }])).rejects.toThrow(TypeError);
        await expect(store.noteViewers([{ playbackId: a, seen: [], left: [name] }])).rejects.toThrow(TypeError);
      }
    });
  });
}
