import { newId } from '@millrace/domain';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Lease, LiveStore } from '../live-store.ts';
import type { LiveStoreHarness, MakeHarness } from './live-store-harness.ts';
import { given } from './sample-streams.ts';

const LONG_MS = 60_000;
const SHORT_MS = 100;

/** Who may package: one at a time, by tokens that only grow. */
export function leasesContract(makeHarness: MakeHarness): void {
  describe('leases', () => {
    let harness: LiveStoreHarness;
    let a: LiveStore;
    let b: LiveStore;
    let streamId: string;

    beforeEach(async () => {
      harness = await makeHarness();
      [a, b] = [await harness.open(), await harness.open()];
      streamId = newId('str');
    });
    afterEach(() => harness.close());

    const eventually = async (owner: string): Promise<Lease> => {
      let lease: Lease | undefined;
      await harness.until(async () => (lease = await b.acquireLease(streamId, owner, LONG_MS)) !== undefined);
      return given(lease);
    };

    it('gives a stream to one owner, and another stream to another', async () => {
      const before = harness.nowMs();
      const lease = given(await a.acquireLease(streamId, 'packager-a', LONG_MS));
      expect(lease).toEqual({ streamId, owner: 'packager-a', token: lease.token });
      expect(lease.token).toBeGreaterThanOrEqual(before);
      expect(await b.acquireLease(streamId, 'packager-b', LONG_MS)).toBeUndefined();
      expect(await a.acquireLease(streamId, 'packager-a', LONG_MS)).toBeUndefined();
      expect(await b.acquireLease(newId('str'), 'packager-b', LONG_MS)).toBeDefined();
    });

    it('gives it to one of many who ask at once', async () => {
      const asked = Array.from({ length: 20 }, (_, i) => (i % 2 ? a : b).acquireLease(streamId, `p-${i}`, LONG_MS));
      expect((await Promise.all(asked)).filter((lease) => lease !== undefined)).toHaveLength(1);
    });

    it('gives it to another with a greater token once it has expired, and the old one is not renewed', async () => {
      const old = given(await a.acquireLease(streamId, 'packager-a', SHORT_MS));
      const taken = await eventually('packager-b');
      expect(taken.token).toBeGreaterThan(old.token);
      expect(await a.renewLeases([old], LONG_MS)).toEqual([false]);
      expect(await b.renewLeases([taken], LONG_MS)).toEqual([true]);
    });

    it('keeps a lease that is renewed', async () => {
      const lease = given(await a.acquireLease(streamId, 'packager-a', 1));
      expect(await a.renewLeases([lease], LONG_MS)).toEqual([true]);
      expect(await b.acquireLease(streamId, 'packager-b', LONG_MS)).toBeUndefined();
    });

    it('renews one that has expired when it was not taken', async () => {
      const lease = given(await a.acquireLease(streamId, 'packager-a', SHORT_MS));
      const expiry = harness.nowMs() + SHORT_MS;
      await harness.until(() => harness.nowMs() > expiry);
      expect(await a.renewLeases([lease], LONG_MS)).toEqual([true]);
      expect(await b.acquireLease(streamId, 'packager-b', LONG_MS)).toBeUndefined();
    });

    it('gives it to another at once when it is given back, with a greater token', async () => {
      const lease = given(await a.acquireLease(streamId, 'packager-a', LONG_MS));
      await a.releaseLease(lease);
      expect(await a.renewLeases([lease], LONG_MS)).toEqual([false]);
      const next = given(await b.acquireLease(streamId, 'packager-b', LONG_MS));
      expect(next.token).toBeGreaterThan(lease.token);
      await a.releaseLease(lease);
      expect(await b.renewLeases([next], LONG_MS)).toEqual([true]);
    });

    it('has tokens that grow also within one millisecond', async () => {
      const tokens: number[] = [];
      for (let i = 0; i < 50; i++) {
        const lease = given(await a.acquireLease(streamId, 'packager-a', LONG_MS));
        tokens.push(lease.token);
        await a.releaseLease(lease);
      }
      expect(tokens).toEqual([...new Set(tokens)].sort((x, y) => x - y));
    });

    it('renews hundreds at once and answers in their order', async () => {
      const leases: Lease[] = [];
      for (let i = 0; i < 600; i++) leases.push(given(await a.acquireLease(newId('str'), 'packager-a', LONG_MS)));
      const lost = new Set([0, 249, 250, 599]);
      for (const i of lost) await a.releaseLease(leases[i] as Lease);
      expect(await a.renewLeases(leases, LONG_MS)).toEqual(leases.map((_, i) => !lost.has(i)));
      expect(await a.renewLeases([], LONG_MS)).toEqual([]);
    });

    it('does not renew what it has never given', async () => {
      expect(await a.renewLeases([{ streamId, owner: 'packager-a', token: harness.nowMs() }], LONG_MS)).toEqual([
        false,
      ]);
    });

    it('refuses a stream id that is none', async () => {
      await expect(a.acquireLease('str_*', 'packager-a', LONG_MS)).rejects.toThrow(TypeError);
      await expect(a.renewLeases([{ streamId: '{x}', owner: '', token: 1 }], LONG_MS)).rejects.toThrow(TypeError);
      await expect(a.releaseLease({ streamId: '', owner: '', token: 1 })).rejects.toThrow(TypeError);
    });
  });
}
