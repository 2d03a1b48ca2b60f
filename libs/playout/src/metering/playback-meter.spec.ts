import type { UsageOf, UsageSink } from '@millrace/domain';
import { Metrics, TenantLabels } from '@millrace/service-kit';
import { describe, expect, it } from 'vitest';
import { PlaybackMeter } from './playback-meter.ts';

/** Sums, by kind and protocol. */
class RecordedUsage implements UsageSink {
  readonly sums: Record<string, number> = {};
  collect: () => void = () => undefined;

  add({ kind, protocol, tenantId, streamId }: UsageOf, amount: number): void {
    expect([tenantId, streamId]).toEqual(['ten_1', 'str_1']);
    const name = `${kind} ${protocol}`;
    this.sums[name] = (this.sums[name] ?? 0) + amount;
  }

  measured(): void {
    throw new Error('viewers are no quota of a process');
  }

  beforeCollect(collect: () => void): () => void {
    this.collect = collect;
    return () => undefined;
  }
}

const nothing = (): number => 0;

function create() {
  const clock = { ms: 1_000_000 };
  const metrics = new Metrics({ service: 'gateway', version: '0', processMetrics: false });
  const usage = new RecordedUsage();
  const meter = new PlaybackMeter(metrics, new TenantLabels(metrics, 10), usage, () => clock.ms);
  return { clock, metrics, meter, usage };
}

const viewer = { playbackId: 'pbk_1', streamId: 'str_1', tenantId: 'ten_1' };
const poller = { ...viewer, address: '192.0.2.1', userAgent: 'x' };

describe('PlaybackMeter', () => {
  it('counts viewers of all protocols, each once', async () => {
    const { metrics, meter } = create();
    meter.add('http-flv');
    meter.add('ws-flv');
    meter.polled('hls', poller);
    meter.polled('hls', poller);
    const leave = [meter.connected('http-flv', viewer, nothing), meter.connected('http-flv', viewer, nothing)];
    meter.connected('ws-flv', { ...viewer, playbackId: 'pbk_2' }, nothing);
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
    meter.connected('http-flv', viewer, nothing)();
    expect(await metrics.text()).toContain('millrace_playback_viewers{protocol="http-flv"} 0\n');
    expect(meter.viewersOf('pbk_1')).toBe(0);
  });

  it('counts the time of connected viewers exactly, over collections and their end', async () => {
    const { clock, metrics, meter } = create();
    const seconds = async () =>
      Number(/tenant_viewer_seconds_total\{tenant="ten_1"\} (\S+)/.exec(await metrics.text())?.[1]);
    const leave = meter.connected('http-flv', viewer, nothing);
    clock.ms += 4_000;
    expect(await seconds()).toBe(4);
    clock.ms += 2_500;
    leave();
    clock.ms += 60_000;
    expect(await seconds()).toBe(6.5);
  });

  it('records time and bytes of each protocol, while a viewer watches and when it has left', () => {
    const { clock, meter, usage } = create();
    let sent = 0;
    const leave = meter.connected('ws-flv', viewer, () => sent);
    meter.polled('hls', poller);
    meter.sent('hls', viewer, 500);
    sent = 1_000;
    clock.ms += 4_000;
    usage.collect();
    expect(usage.sums).toEqual({
      'viewer_seconds hls': 15,
      'egress_bytes hls': 500,
      'viewer_seconds ws-flv': 4,
      'egress_bytes ws-flv': 1_000,
    });
    sent = 1_234;
    clock.ms += 1_000;
    leave();
    usage.collect();
    expect(usage.sums).toMatchObject({ 'viewer_seconds ws-flv': 5, 'egress_bytes ws-flv': 1_234 });
  });

  it('counts bytes for the tenant', async () => {
    const { metrics, meter } = create();
    meter.sent('hls', viewer, 1_000);
    meter.sent('hls', viewer, 11);
    expect(await metrics.text()).toContain('millrace_tenant_egress_bytes_total{tenant="ten_1"} 1011\n');
  });

  it('tells who watches, by names that are the same in every process where address, player or token are', () => {
    const told: string[] = [];
    const meters = [create(), create()].map(({ meter, clock }) => {
      meter.listen({
        seen: (id, name) => void told.push(`seen ${id} ${name}`),
        arrived: (id, name) => void told.push(`arrived ${id} ${name}`),
        left: (id, name) => void told.push(`left ${id} ${name}`),
      });
      return { meter, clock };
    });
    for (const { meter } of meters) for (const _ of [1, 2]) meter.polled('hls', poller);
    expect(told).toHaveLength(2);
    expect(told[0]).toMatch(/^seen pbk_1 [0-9a-z]+$/);
    expect(told[1]).toBe(told[0]);
    meters[0]!.clock.ms += 16_000;
    meters[0]!.meter.polled('hls', poller);
    expect(told.splice(0)).toHaveLength(3);
    // A token names its viewer over all protocols and addresses.
    for (const { meter } of meters) {
      meter.polled('hls', {
        ...poller,
        address: String(meters.findIndex((each) => each.meter === meter)),
        tokenId: 't',
      });
      meter.connected('http-flv', { ...viewer, tokenId: 't' }, nothing)();
    }
    const names = new Set(told.map((line) => line.split(' ')[2]));
    expect(names.size).toBe(1);
    expect(told.splice(0).map((line) => line.split(' ')[0])).toEqual([
      'seen',
      'arrived',
      'left',
      'seen',
      'arrived',
      'left',
    ]);
    for (const { meter } of meters) meter.connected('http-flv', viewer, nothing);
    expect(new Set(told).size).toBe(2);
  });
});
