import { createMemoryLiveStore } from '@millrace/live-store';
import { createLogger, Metrics } from '@millrace/service-kit';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createIngestMetrics } from '../metrics/ingest-metrics.ts';
import { TestControlPlane } from '../testing/test-control-plane.ts';
import { SourcePuller } from './source-puller.ts';

describe('an edge that pulls sources', () => {
  const undo: (() => Promise<void> | void)[] = [];
  beforeEach(() => void vi.useFakeTimers());
  afterEach(async () => {
    vi.useRealTimers();
    for (const step of undo.splice(0)) await step();
  });

  function puller() {
    const liveStore = createMemoryLiveStore();
    const control = new TestControlPlane(liveStore);
    const registry = new Metrics({ service: 'test', version: '0', processMetrics: false });
    const pulling = new SourcePuller(
      { protocols: ['rtsp'], open: () => ({ close: () => undefined }) },
      { pullRetryMinMs: 60_000, pullRetryMaxMs: 60_000, maxPulls: 1, maxPullsPerTenant: 1 },
      { instanceId: 'edge-1' },
      control,
      liveStore,
      createIngestMetrics(registry, ['rtsp']),
      registry,
      createLogger({ service: 'test', level: 'fatal' }),
    );
    undo.push(() => pulling.beforeApplicationShutdown());
    pulling.onApplicationBootstrap();
    return { pulling, control };
  }

  it('asks every second', async () => {
    const { control } = puller();
    await vi.advanceTimersByTimeAsync(10_500);
    expect(control.taking.length).toBeGreaterThanOrEqual(10);
  });

  it('asks seldom where there are none, and at once when it is told of one', async () => {
    const { pulling, control } = puller();
    control.saysNone = true;
    await vi.advanceTimersByTimeAsync(10_500);
    expect(control.taking.length).toBeLessThanOrEqual(3);
    control.newSource(control.newStream(), { url: 'rtsp://camera.example/' });
    pulling.changed();
    await vi.advanceTimersByTimeAsync(200);
    expect(pulling.size).toBe(1);
    const asked = control.taking.length;
    await vi.advanceTimersByTimeAsync(5_000);
    expect(control.taking.length).toBeGreaterThanOrEqual(asked + 5);
  });
});
