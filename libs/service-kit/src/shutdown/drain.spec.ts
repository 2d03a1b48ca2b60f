import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Readiness } from '../health/readiness.ts';
import { createLogger } from '../logging/logger.ts';
import { Metrics } from '../metrics/metrics.ts';
import { Drain } from './drain.ts';

const LAG_MS = 10_000;

describe('Drain', () => {
  const logger = createLogger({ service: 'test', level: 'silent' });
  let readiness: Readiness;
  let metrics: Metrics;
  let left: number;
  let leaves: number;
  let drain: Drain;

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    readiness = new Readiness();
    metrics = new Metrics({ service: 'test', version: '0', processMetrics: false });
    left = 3;
    leaves = 0;
    drain = new Drain({ readiness, metrics, logger, lagMs: LAG_MS }, { leave: () => leaves++, left: () => left });
  });
  afterEach(() => void vi.useRealTimers());

  it('is not ready at once, keeps its door open for the lag, then leaves', async () => {
    expect(drain.report()).toEqual({ draining: false, door: 'open', left: 3 });
    expect(readiness.report().ready).toBe(true);
    const closed = drain.begin('signal');
    expect(readiness.report().ready).toBe(false);
    await vi.advanceTimersByTimeAsync(LAG_MS - 1);
    expect(drain.report()).toEqual({ draining: true, door: 'open', left: 3 });
    expect(leaves).toBe(0);
    await vi.advanceTimersByTimeAsync(1);
    await closed;
    expect(drain.report()).toEqual({ draining: true, door: 'closed', left: 3 });
    left = 0;
    expect(drain.report().left).toBe(0);
  });

  it('begins once: a signal after a request does not wait again', async () => {
    const byHand = drain.begin('request');
    await vi.advanceTimersByTimeAsync(LAG_MS);
    await byHand;
    await drain.begin('signal');
    expect(leaves).toBe(1);
  });

  it('shows in the metrics', async () => {
    expect(await metrics.text()).toContain('millrace_draining 0');
    void drain.begin('request');
    expect(await metrics.text()).toContain('millrace_draining 1');
  });
});
