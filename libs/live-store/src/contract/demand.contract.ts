import { newId } from '@millrace/domain';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LiveStore } from '../live-store.ts';
import type { LiveStoreHarness, MakeHarness } from './live-store-harness.ts';

const LONG_MS = 60_000;
const SHORT_MS = 100;

/** Which streams viewers want, live or not. */
export function demandContract(makeHarness: MakeHarness): void {
  describe('streams that viewers want', () => {
    let harness: LiveStoreHarness;
    let a: LiveStore;
    let b: LiveStore;
    const [first, second] = [newId('str'), newId('str')];

    beforeEach(async () => {
      harness = await makeHarness();
      [a, b] = [await harness.open(), await harness.open()];
    });
    afterEach(() => harness.close());

    it('are known to all for as long as it was said', async () => {
      expect(await b.listDemanded()).toEqual([]);
      await a.noteDemand([first], LONG_MS);
      await a.noteDemand([second], SHORT_MS);
      // A shorter time does not end a longer one.
      await b.noteDemand([first], SHORT_MS);
      expect((await b.listDemanded()).toSorted()).toEqual([first, second].toSorted());
      await harness.until(async () => (await b.listDemanded()).length === 1);
      expect(await a.listDemanded()).toEqual([first]);
      await b.noteDemand([second], LONG_MS);
      expect(await a.listDemanded()).toHaveLength(2);
    });

    it('may be none, and have ids of streams', async () => {
      await a.noteDemand([], LONG_MS);
      await expect(a.noteDemand(['src_x'], LONG_MS)).rejects.toThrow(TypeError);
    });
  });
}
