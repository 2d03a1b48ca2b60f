import { newId } from '@millrace/domain';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LiveStore } from '../live-store.ts';
import { LiveStoreError } from '../live-store-error.ts';
import { MAX_RECORD_LENGTH } from '../store-names.ts';
import type { LiveStoreHarness, MakeHarness } from './live-store-harness.ts';

/** Small records, and a handle's own end. */
export function recordsContract(makeHarness: MakeHarness): void {
  describe('small records', () => {
    let harness: LiveStoreHarness;
    let store: LiveStore;

    beforeEach(async () => {
      harness = await makeHarness();
      store = await harness.open();
    });
    afterEach(() => harness.close());

    it('remembers a text until it is overwritten or forgotten', async () => {
      const other = await harness.open();
      expect(await store.recall('key:1')).toBeUndefined();
      await store.remember('key:1', 'Grüße, \u0000 {"a":1}', 60_000);
      await store.remember('key:2', '', 60_000);
      expect(await other.recall('key:1')).toBe('Grüße, \u0000 {"a":1}');
      expect(await other.recall('key:2')).toBe('');
      await other.remember('key:1', 'two', 60_000);
      expect(await store.recall('key:1')).toBe('two');
      await store.forget('key:1');
      await store.forget('key:1');
      expect(await other.recall('key:1')).toBeUndefined();
      expect(await other.recall('key:2')).toBe('');
    });

    it('forgets it when its time is over', async () => {
      await store.remember('soon', 'x', 80);
      await store.remember('late', 'y', 60_000);
      await harness.until(async () => (await store.recall('soon')) === undefined);
      expect(await store.recall('late')).toBe('y');
    });

    it('lets one user use what may be used once, as often as it asks, until that is forgotten', async () => {
      const other = await harness.open();
      const outcomes = await Promise.all(
        ['a', 'b', 'c', 'd'].map((user, i) => (i % 2 === 0 ? store : other).useOnce('once:1', user, 60_000)),
      );
      expect(outcomes.filter((isUser) => isUser)).toHaveLength(1);
      const first = ['a', 'b', 'c', 'd'][outcomes.indexOf(true)]!;
      expect(await other.useOnce('once:1', first, 60_000)).toBe(true);
      expect(await store.useOnce('once:1', 'e', 60_000)).toBe(false);
      expect(await store.useOnce('once:2', 'e', 60_000)).toBe(true);
      expect(await store.useOnce('once:3', 'a', 80)).toBe(true);
      await harness.until(() => store.useOnce('once:3', 'b', 60_000));
      await expect(store.useOnce('a b', '', 1_000)).rejects.toThrow(TypeError);
    });

    it('refuses keys and values beyond what the port allows', async () => {
      for (const key of ['', 'a b', 'a\nb', 'ä', '{a}', '*', 'x'.repeat(257)]) {
        await expect(store.remember(key, '', 1_000)).rejects.toThrow(TypeError);
        await expect(store.recall(key)).rejects.toThrow(TypeError);
        await expect(store.forget(key)).rejects.toThrow(TypeError);
      }
      await store.remember('x'.repeat(256), 'x'.repeat(MAX_RECORD_LENGTH), 1_000);
      await expect(store.remember('k', 'x'.repeat(MAX_RECORD_LENGTH + 1), 1_000)).rejects.toThrow(RangeError);
    });

    it('is ready until it is closed, then fails every call', async () => {
      expect(store.isReady()).toBe(true);
      await store.close();
      await store.close();
      expect(store.isReady()).toBe(false);
      await expect(store.recall('key')).rejects.toThrow(LiveStoreError);
      await expect(store.recall('key')).rejects.toMatchObject({ code: 'closed', operation: 'recall' });
      await expect(store.listLiveStreams()).rejects.toMatchObject({ code: 'closed' });
      await expect(store.readPlaylistText(newId('str'))).rejects.toMatchObject({ code: 'closed' });
    });
  });
}
