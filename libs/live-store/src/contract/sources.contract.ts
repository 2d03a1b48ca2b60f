import { newId } from '@millrace/domain';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LiveStore } from '../live-store.ts';
import type { LiveStoreHarness, MakeHarness } from './live-store-harness.ts';

const LONG_MS = 60_000;
const SHORT_MS = 100;

/** Which edge pulls which source. */
export function sourcesContract(makeHarness: MakeHarness): void {
  describe('a lease on a source', () => {
    let harness: LiveStoreHarness;
    let a: LiveStore;
    let b: LiveStore;
    const sourceId = newId('src');

    beforeEach(async () => {
      harness = await makeHarness();
      [a, b] = [await harness.open(), await harness.open()];
    });
    afterEach(() => harness.close());

    it('has one holder, who says what becomes of the source', async () => {
      expect(await a.listHeldSources()).toEqual([]);
      expect(await a.readSources([sourceId])).toEqual([undefined]);
      const lease = (await a.acquireSource(sourceId, 'edge a', LONG_MS))!;
      expect(lease).toMatchObject({ sourceId, owner: 'edge a' });
      expect(await b.acquireSource(sourceId, 'edge-b', LONG_MS)).toBeUndefined();
      expect(await b.listHeldSources()).toEqual([sourceId]);
      expect(await b.readSources([sourceId])).toEqual([{ owner: 'edge a', state: '' }]);
      const state = '{"state":"waiting","error":"no route to the camera"}';
      expect(await a.renewSources([{ lease, state }], LONG_MS)).toEqual([true]);
      expect(await b.readSources([newId('src'), sourceId])).toEqual([undefined, { owner: 'edge a', state }]);
    });

    it('goes to another edge once it has not been renewed, or was given back, and then not back to the first one', async () => {
      const first = (await a.acquireSource(sourceId, 'edge a', SHORT_MS))!;
      await harness.until(async () => (await b.listHeldSources()).length === 0);
      expect(await b.readSources([sourceId])).toEqual([undefined]);
      const second = (await b.acquireSource(sourceId, 'edge-b', LONG_MS))!;
      expect(second.token).toBeGreaterThan(first.token);
      expect(await a.renewSources([{ lease: first, state: '' }], LONG_MS)).toEqual([false]);
      await a.releaseSource(first);
      expect(await a.readSources([sourceId])).toEqual([{ owner: 'edge-b', state: '' }]);
      await b.releaseSource(second);
      expect(await a.listHeldSources()).toEqual([]);
      expect(await b.renewSources([{ lease: second, state: '' }], LONG_MS)).toEqual([false]);
      expect((await a.acquireSource(sourceId, 'edge a', LONG_MS))!.token).toBeGreaterThan(second.token);
    });

    it('is put back by its holder when the store has lost it, and holds when it expired and was not taken', async () => {
      const lost = { sourceId: newId('src'), owner: 'edge a', token: harness.nowMs() };
      const late = (await a.acquireSource(sourceId, 'edge a', SHORT_MS))!;
      await harness.until(async () => (await a.listHeldSources()).length === 0);
      const reports = [lost, late].map((lease) => ({ lease, state: 'live' }));
      expect(await a.renewSources(reports, LONG_MS)).toEqual([true, true]);
      expect((await b.listHeldSources()).toSorted()).toEqual([lost.sourceId, sourceId].toSorted());
      expect(await b.acquireSource(lost.sourceId, 'edge-b', LONG_MS)).toBeUndefined();
    });

    it.each([
      ['an id that is none', 'str_x', 'edge a'],
      ['no owner', sourceId, ''],
      ['an owner with a name that is too long', sourceId, 'x'.repeat(257)],
    ])('is refused with %s', async (_, id, owner) => {
      await expect(a.acquireSource(id, owner, LONG_MS)).rejects.toThrow(TypeError);
    });

    it('keeps no state that is too long', async () => {
      const lease = (await a.acquireSource(sourceId, 'edge a', LONG_MS))!;
      await expect(a.renewSources([{ lease, state: 'x'.repeat(2_049) }], LONG_MS)).rejects.toThrow(RangeError);
    });
  });
}
