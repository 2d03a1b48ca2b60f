import { SOURCE_LIMITS } from '@millrace/control';
import { DEFAULT_STREAM_SETTINGS, newId } from '@millrace/domain';
import { createMemoryLiveStore } from '@millrace/live-store';
import { createLogger, Metrics } from '@millrace/service-kit';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createIngestMetrics } from '../metrics/ingest-metrics.ts';
import { PulledSource } from './pulled-source.ts';

describe('an edge that may have lost the lease of a source', () => {
  const undo: (() => void)[] = [];
  afterEach(() => undo.splice(0).forEach((step) => step()));

  /** Pulled by edge `a`, which was given the lease `agoMs` ago; `opened` counts its attempts. */
  async function pulledSource(agoMs = 0) {
    const liveStore = createMemoryLiveStore();
    const sourceId = newId('src');
    const ids = { tenantId: newId('ten'), streamId: newId('str'), streamKeyId: newId('skey') };
    const lease = (await liveStore.acquireSource(sourceId, 'a', SOURCE_LIMITS.leaseMs))!;
    const metrics = new Metrics({ service: 'test', version: '0', processMetrics: false });
    const attempts = { opened: 0 };
    const pulled = new PulledSource({
      source: { ...ids, sourceId, revision: 1, token: lease.token, key: 'k', url: 'rtsp://camera.example/' },
      edgeId: 'a',
      leasedAtMs: performance.now() - agoMs,
      connector: {
        protocols: ['rtsp'],
        open: () => {
          attempts.opened++;
          return { close: () => undefined };
        },
      },
      liveStore,
      control: { sourceStateChanged: () => undefined },
      settings: { pullRetryMinMs: 60_000, pullRetryMaxMs: 60_000, maxPulls: 1, maxPullsPerTenant: 1 },
      metrics: createIngestMetrics(metrics, ['rtsp']),
      logger: createLogger({ service: 'test', level: 'fatal' }),
      onChange: () => undefined,
      onIdle: () => undefined,
    });
    undo.push(() => pulled.close('drained'));
    const claim = () =>
      liveStore.claimPublish({
        ...ids,
        edgeId: 'b',
        newSessionId: newId('ses'),
        settings: DEFAULT_STREAM_SETTINGS,
        maxLiveStreams: 1,
      });
    return { pulled, attempts, liveStore, lease, claim, ...ids };
  }
  const WAITS = { state: 'waiting', error: { message: expect.stringContaining('waits for the live store') as string } };

  it('ends nothing of the edge that pulls it now', async () => {
    const { pulled, attempts, liveStore, lease, claim, streamId } = await pulledSource();
    await liveStore.releaseSource(lease);
    await liveStore.acquireSource(lease.sourceId, 'b', SOURCE_LIMITS.leaseMs);
    await claim();
    pulled.start();
    await expect.poll(() => pulled.state).toMatchObject(WAITS);
    expect((await liveStore.readLiveStream(streamId))?.claim.edgeId).toBe('b');
    expect(attempts.opened).toBe(0);
  });

  it('begins nothing while the live store cannot be asked', async () => {
    const { pulled, attempts, liveStore } = await pulledSource();
    vi.spyOn(liveStore, 'renewSources').mockRejectedValue(new Error('away'));
    pulled.start();
    await expect.poll(() => pulled.state).toMatchObject(WAITS);
    expect(attempts.opened).toBe(0);
  });

  it('begins nothing where the live store answered too late', async () => {
    const { pulled, attempts, liveStore } = await pulledSource(SOURCE_LIMITS.leaseMs);
    vi.spyOn(pulled, 'renewed').mockReturnValue();
    const look = vi.spyOn(liveStore, 'readLiveStream');
    pulled.start();
    await expect.poll(() => pulled.state).toMatchObject(WAITS);
    expect(look).toHaveBeenCalledOnce();
    expect(attempts.opened).toBe(0);
  });

  it('takes back what an edge that died has left, where it holds the lease', async () => {
    const { pulled, attempts, liveStore, claim, streamId } = await pulledSource();
    await claim();
    pulled.start();
    await expect.poll(() => attempts.opened).toBe(1);
    expect((await liveStore.readLiveStream(streamId))?.disconnectedAtMs).toBeDefined();
  });
});
