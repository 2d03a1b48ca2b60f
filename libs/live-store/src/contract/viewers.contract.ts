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

    const tenant = { id: newId('ten'), max: 3 };
    const stream = { id: newId('str'), max: 2 };

    it('are let in until their group is full, in one step; those who are in stay, whichever process asks', async () => {
      const lasting = await makeHarness({ viewerTtlMs: 60_000 });
      const [one, other] = [await lasting.open(), await lasting.open()];
      const names = Array.from({ length: 12 }, (_, i) => `v${i}`);
      const answers = await Promise.all(
        names.map((name, i) => (i % 2 === 0 ? one : other).admitViewer(name, [tenant])),
      );
      const admitted = names.filter((_, i) => answers[i] === undefined);
      expect(admitted).toHaveLength(3);
      expect(answers.filter((answer) => answer !== undefined)).toEqual(Array.from({ length: 9 }, () => tenant));
      for (const name of admitted) expect(await other.admitViewer(name, [tenant])).toBeUndefined();
      expect(await one.admitViewer('late', [tenant])).toEqual(tenant);
      await one.noteViewers([{ playbackId: a, seen: [], left: [admitted[0]!], groups: [tenant.id] }]);
      expect(await other.admitViewer('late', [tenant])).toBeUndefined();
      await lasting.close();
    });

    it('count in no group when one of theirs is full', async () => {
      const lasting = await makeHarness({ viewerTtlMs: 60_000 });
      const one = await lasting.open();
      for (const name of ['x', 'y']) expect(await one.admitViewer(name, [tenant, stream])).toBeUndefined();
      expect(await one.admitViewer('z', [tenant, stream])).toEqual(stream);
      expect(await one.admitViewer('other-stream', [tenant])).toBeUndefined();
      expect(await one.admitViewer('one-more', [tenant])).toEqual(tenant);
      expect(await one.countViewers([a])).toEqual([0]);
      const noted = { id: newId('str'), max: 2 };
      await one.noteViewers([{ playbackId: a, seen: ['x', 'y'], left: [], groups: [noted.id] }]);
      expect(await one.admitViewer('x', [noted])).toBeUndefined();
      expect(await one.admitViewer('z', [noted])).toEqual(noted);
      await lasting.close();
    });

    it('count in their groups as long as they are noted', async () => {
      for (const name of ['x', 'y']) await store.admitViewer(name, [stream]);
      // Only `x` watches on.
      await harness.until(async () => {
        await store.noteViewers([{ playbackId: a, seen: ['x'], left: [], groups: [stream.id] }]);
        return (await store.admitViewer('z', [stream])) === undefined;
      });
      expect(await store.countViewers([a])).toEqual([1]);
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
      await expect(store.admitViewer('x', [{ id: a, max: 1 }])).rejects.toThrow(TypeError);
      await expect(store.admitViewer('a b', [])).rejects.toThrow(TypeError);
      await expect(store.noteViewers([{ playbackId: a, seen: [], left: [], groups: ['*'] }])).rejects.toThrow(
        TypeError,
      );
      for (const name of ['', 'a b', 'x'.repeat(33), 'ä']) {
        await expect(store.noteViewers([{ playbackId: a, seen: [name], left: [] }])).rejects.toThrow(TypeError);
        await expect(store.noteViewers([{ playbackId: a, seen: [], left: [name] }])).rejects.toThrow(TypeError);
      }
    });
  });
}
