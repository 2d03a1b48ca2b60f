import { newId } from '@millrace/domain';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HEALTH_SERIES_MINUTES } from '../health-series.ts';
import type { HealthSample } from '../health-series.ts';
import type { LiveStore } from '../live-store.ts';
import type { LiveStoreHarness, MakeHarness } from './live-store-harness.ts';

const START_MS = 1_795_000_000_000 - (1_795_000_000_000 % 60_000);

const sample = (seconds: number, change: Partial<HealthSample> = {}): HealthSample => ({
  atMs: START_MS + seconds * 1_000,
  videoBitsPerSecond: 2_500_000 + seconds,
  audioBitsPerSecond: 128_000,
  framesPerSecond: 29.97,
  keyframeIntervalMs: 2_000,
  driftMs: -12,
  droppedFrames: 0,
  heldFrames: 0,
  timestampJumps: 0,
  ...change,
});

/** What encoders sent over the last hours. */
export function healthSeriesContract(makeHarness: MakeHarness): void {
  describe('health series', () => {
    let harness: LiveStoreHarness;
    let store: LiveStore;
    const tenantId = newId('ten');

    beforeEach(async () => {
      harness = await makeHarness({ healthSeriesPerTenant: 2 });
      store = await harness.open();
    });
    afterEach(() => harness.close());

    const add = (sessionId: string, ...samples: HealthSample[]) =>
      store.recordHealth(samples.map((one) => ({ tenantId, sessionId, sample: one })));
    const read = async (sessionId: string, from: number, to: number, of: LiveStore = store) =>
      (await of.readHealth([sessionId], START_MS + from * 1_000, START_MS + to * 1_000))[0];

    it('are read by every process: the samples of a time, oldest first, of each session in the order asked for', async () => {
      const other = await harness.open();
      const [a, b] = [newId('ses'), newId('ses')];
      const odd = sample(65, {
        keyframeIntervalMs: undefined,
        driftMs: undefined,
        droppedFrames: 3,
        timestampJumps: 1,
      });
      await add(a, sample(0), sample(5), sample(55), sample(60), odd);
      await add(b, sample(5, { heldFrames: 7 }));
      expect(await read(a, 5, 65, other)).toEqual([sample(5), sample(55), sample(60)]);
      expect(await read(a, 60, 3_600, other)).toEqual([sample(60), odd]);
      const both = await other.readHealth([b, newId('ses'), a], START_MS, START_MS + 6_000);
      expect(both).toEqual([[sample(5, { heldFrames: 7 })], [], [sample(0), sample(5)]]);
      expect(await other.readHealth([], START_MS, START_MS + 6_000)).toEqual([]);
      await store.recordHealth([]);
    });

    it('reach back three hours, and take no more room afterwards', async () => {
      const session = newId('ses');
      const hours = HEALTH_SERIES_MINUTES * 60;
      await add(session, sample(30), sample(90), sample(hours + 30));
      expect(await read(session, 0, hours * 2)).toEqual([sample(hours + 30)]);
      expect(await read(session, 0, hours)).toEqual([sample(90)]);
    });

    it('of a tenant are bounded: the one that was written to longest ago goes first', async () => {
      const [a, b, c] = [newId('ses'), newId('ses'), newId('ses')];
      const elsewhere = newId('ses');
      const later = async () => {
        const nowMs = harness.nowMs();
        await harness.until(() => harness.nowMs() > nowMs + 1);
      };
      await store.recordHealth([{ tenantId: newId('ten'), sessionId: elsewhere, sample: sample(0) }]);
      for (const [session, at] of [
        [a, 0],
        [b, 0],
        [a, 5],
        [c, 5],
      ] as const) {
        await add(session, sample(at));
        await later();
      }
      const kept = await store.readHealth([a, b, c, elsewhere], START_MS, START_MS + 10_000);
      expect(kept.map((samples) => samples.length)).toEqual([2, 0, 1, 1]);
    });

    it('of a minute are bounded', async () => {
      const session = newId('ses');
      for (let i = 0; i < 200; i++) await add(session, sample(1));
      expect((await read(session, 0, 60))?.length).toBeLessThan(100);
      await add(session, sample(61));
      expect(await read(session, 60, 120)).toEqual([sample(61)]);
    });

    it('are forgotten when their time is over', async () => {
      const short = await makeHarness({ healthSeriesTtlMs: 100 });
      try {
        const own = await short.open();
        const session = newId('ses');
        await own.recordHealth([{ tenantId, sessionId: session, sample: sample(0) }]);
        await short.until(async () => (await own.readHealth([session], START_MS, START_MS + 1_000))[0]?.length === 0);
      } finally {
        await short.close();
      }
    });

    it('are about sessions, and nothing else becomes part of a key', async () => {
      await expect(add('*', sample(0))).rejects.toThrow(TypeError);
      await expect(store.recordHealth([{ tenantId: 'x', sessionId: newId('ses'), sample: sample(0) }])).rejects.toThrow(
        TypeError,
      );
      await expect(store.readHealth(['a b'], 0, 1)).rejects.toThrow(TypeError);
    });
  });
}
