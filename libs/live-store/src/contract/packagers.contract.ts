import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LiveStore } from '../live-store.ts';
import type { LiveStoreHarness, MakeHarness } from './live-store-harness.ts';

const LONG_MS = 60_000;
const SHORT_MS = 100;

/** Which packagers are live, and what they can read. */
export function packagersContract(makeHarness: MakeHarness): void {
  describe('live packagers', () => {
    let harness: LiveStoreHarness;
    let a: LiveStore;
    let b: LiveStore;

    beforeEach(async () => {
      harness = await makeHarness();
      [a, b] = [await harness.open(), await harness.open()];
    });
    afterEach(() => harness.close());

    const read = async (store: LiveStore) =>
      (await store.readPackagers()).sort((x, y) => (x.instanceId < y.instanceId ? -1 : 1));
    const first = { instanceId: 'packager-a', features: ['av1', 'flac'] };
    const second = { instanceId: 'packager b', features: [] };

    it('are told to all, with what they can read', async () => {
      expect(await a.readPackagers()).toEqual([]);
      await a.announcePackagers([first], LONG_MS);
      await b.announcePackagers([second], LONG_MS);
      expect(await read(a)).toEqual([second, first]);
      expect(await read(b)).toEqual([second, first]);
    });

    it('are those that have said so lately', async () => {
      await a.announcePackagers([first], LONG_MS);
      await b.announcePackagers([second], SHORT_MS);
      await harness.until(async () => (await read(a)).length === 1);
      expect(await read(b)).toEqual([first]);
      await b.announcePackagers([{ instanceId: 'packager-c', features: ['av1'] }], LONG_MS);
      expect((await read(a)).map(({ instanceId }) => instanceId)).toEqual(['packager-a', 'packager-c']);
    });

    it('are as they say last', async () => {
      await a.announcePackagers([first, second], LONG_MS);
      const other = { instanceId: second.instanceId, features: ['vp9'] };
      await b.announcePackagers([other], LONG_MS);
      expect(await read(a)).toEqual([other, first]);
    });

    it.each([
      ['an instance without a name', { instanceId: '', features: [] }],
      ['an instance with a name that is too long', { instanceId: 'x'.repeat(257), features: [] }],
      ['a feature that is none', { instanceId: 'a', features: ['av1 vp9'] }],
    ])('do not include %s', async (_, packager) => {
      await expect(a.announcePackagers([packager], LONG_MS)).rejects.toThrow(TypeError);
    });
  });
}
