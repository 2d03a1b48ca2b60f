import { newId } from '@millrace/domain';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { IngestReport } from '../ingest-report.ts';
import type { LiveStore } from '../live-store.ts';
import type { LiveStoreHarness, MakeHarness } from './live-store-harness.ts';

const report = (streamId: string, change: Partial<IngestReport> = {}): IngestReport => ({
  streamId,
  epoch: 1_795_000_000_000,
  measuredAtMs: 1_795_000_005_000,
  bytes: 1_000,
  videoFrames: 150,
  audioFrames: 215,
  videoBitsPerSecond: 1_500,
  audioBitsPerSecond: 100,
  framesPerSecond: 30,
  keyframeIntervalMs: 2_000,
  ...change,
});

/** What encoders send, as edges measured it. */
export function ingestReportsContract(makeHarness: MakeHarness): void {
  describe('ingest reports', () => {
    let harness: LiveStoreHarness;
    let store: LiveStore;

    beforeEach(async () => {
      harness = await makeHarness({ ingestReportTtlMs: 150 });
      store = await harness.open();
    });
    afterEach(() => harness.close());

    it('are read by every process, the newest of each stream, in the order asked for', async () => {
      const other = await harness.open();
      const [a, b, c] = [newId('str'), newId('str'), newId('str')];
      await store.reportIngest([report(a), report(b, { keyframeIntervalMs: undefined })]);
      await store.reportIngest([report(a, { epoch: 1_795_000_009_000, bytes: 2_000 })]);
      expect(await other.readIngest([c, b, a])).toEqual([
        undefined,
        report(b, { keyframeIntervalMs: undefined }),
        report(a, { epoch: 1_795_000_009_000, bytes: 2_000 }),
      ]);
      expect(await other.readIngest([])).toEqual([]);
      await store.reportIngest([]);
    });

    it('are forgotten when no other follows', async () => {
      const streamId = newId('str');
      await store.reportIngest([report(streamId)]);
      await harness.until(async () => (await store.readIngest([streamId]))[0] === undefined);
    });

    it('are about streams, and nothing else becomes part of a key', async () => {
      await expect(store.reportIngest([report('*')])).rejects.toThrow(TypeError);
      await expect(store.readIngest([newId('str'), 'a b'])).rejects.toThrow(TypeError);
    });
  });
}
