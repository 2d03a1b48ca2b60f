import { Metrics, TenantLabels } from '@millrace/service-kit';
import { describe, expect, it } from 'vitest';
import { PlaybackMeter } from './playback-meter.ts';

function create() {
  const clock = { ms: 1_000_000 };
  const metrics = new Metrics({ service: 'gateway', version: '0', processMetrics: false });
  const meter = new PlaybackMeter(metrics, new TenantLabels(metrics, 10), () => clock.ms);
  return { clock, metrics, meter };
}

const viewer = { playbackId: 'pbk_1', tenantId: 'ten_1' };
const poller = { ...viewer, address: '192.0.2.1', userAgent: 'x' };

describe('PlaybackMeter', () => {
  it('counts viewers of all protocols, each once', async () => {
    const { metrics, meter } = create();
    meter.add('http-flv');
    meter.add('ws-flv');
    meter.polled(poller);
    meter.polled(poller);
    const leave = [meter.connected('http-flv', viewer), meter.connected('http-flv', viewer)];
    meter.connected('ws-flv', { ...viewer, playbackId: 'pbk_2' });
    expect([meter.viewersOf('pbk_1'), meter.viewersOf('pbk_2')]).toEqual([3, 1]);
    for (let twice = 0; twice < 2; twice++) leave[0]!();
    expect(meter.viewersOf('pbk_1')).toBe(2);
    const text = await metrics.text();
    for (const [protocol, count] of [
      ['hls', 1],
      ['http-flv', 1],
      ['ws-flv', 1],
    ])
      expect(text).toContain(`millrace_playback_viewers{protocol="${protocol}"} ${count}\n`);
  });

  it('shows protocols that have no viewer, and none after the last has left', async () => {
    const { metrics, meter } = create();
    meter.add('http-flv');
    expect(await metrics.text()).toContain('millrace_playback_viewers{protocol="http-flv"} 0\n');
    meter.connected('http-flv', viewer)();
    expect(await metrics.text()).toContain('millrace_playback_viewers{protocol="http-flv"} 0\n');
    expect(meter.viewersOf('pbk_1')).toBe(0);
  });

  it('counts the time of connected viewers exactly, over collections and their end', async () => {
    const { clock, metrics, meter } = create();
    const seconds = async () =>
      Number(/tenant_viewer_seconds_total\{tenant="ten_1"\} (\S+)/.exec(await metrics.text())?.[1]);
    const leave = meter.connected('http-flv', viewer);
    clock.ms += 4_000;
    expect(await seconds()).toBe(4);
    clock.ms += 2_500;
    leave();
    clock.ms += 60_000;
    expect(await seconds()).toBe(6.5);
  });

  it('counts bytes for the tenant', async () => {
    const { metrics, meter } = create();
    meter.sent('ten_1', 1_000);
    meter.sent('ten_1', 11);
    expect(await metrics.text()).toContain('millrace_tenant_egress_bytes_total{tenant="ten_1"} 1011\n');
  });
});
