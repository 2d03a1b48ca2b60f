import { onSharedBeat } from '@millrace/domain';
import { describe, expect, it, vi } from 'vitest';
import { Metrics } from './metrics.ts';

const create = (processMetrics = false) => new Metrics({ service: 'test', version: '1.2.3', processMetrics });

describe('Metrics', () => {
  it('puts the prefix before every name', async () => {
    const text = await create(true).text();
    const names = [...text.matchAll(/^# TYPE (\S+)/gm)].map((match) => match[1]!);
    expect(names).toContain('millrace_build_info');
    expect(names).toContain('millrace_nodejs_eventloop_lag_seconds');
    for (const name of names) expect(name).toMatch(/^millrace_/);
  });

  it('tells how late timers are, since it was last asked', async () => {
    const metrics = create(true);
    // An idle process is woken up for a sample every five seconds; work that is repeated brings more.
    const work = onSharedBeat(100, () => undefined);
    const lagMs = async (which: string): Promise<number> => {
      const text = await metrics.text();
      return Number(new RegExp(`^millrace_nodejs_eventloop_lag_${which}_seconds (.*)$`, 'm').exec(text)?.[1]) * 1_000;
    };
    await vi.waitFor(async () => expect(await lagMs('max')).toBeGreaterThan(0), { timeout: 5_000 });
    for (const end = performance.now() + 900; performance.now() < end;);
    await vi.waitFor(async () => expect(await lagMs('max')).toBeGreaterThan(300), { timeout: 5_000, interval: 0 });
    await expect.poll(() => lagMs('max'), { timeout: 10_000 }).toBeLessThan(300);
    await expect.poll(() => lagMs('p99'), { timeout: 5_000 }).toBeGreaterThan(0);
    work.stop();
  });

  it('says which version runs', async () => {
    expect(await create().text()).toContain('millrace_build_info{component="test",version="1.2.3",node="v');
  });

  it('gives the same metric to a caller that asks again', async () => {
    const metrics = create();
    metrics.counter('things_total', 'Things.', ['kind']).inc({ kind: 'a' });
    metrics.counter('things_total', 'Things.', ['kind']).inc({ kind: 'a' });
    metrics.gauge('level', 'Level.').set(3);
    metrics.histogram('wait_seconds', 'Wait.', [0.1, 1]).observe(0.5);
    const text = await metrics.text();
    expect(text).toContain('millrace_things_total{kind="a"} 2');
    expect(text).toContain('millrace_level 3');
    expect(text).toContain('millrace_wait_seconds_bucket{le="1"} 1');
  });

  it('keeps registries apart', async () => {
    create().counter('things_total', 'Things.').inc();
    expect(await create().text()).not.toContain('things_total');
  });

  it('lets hot paths bring their numbers when they are collected', async () => {
    const metrics = create();
    const gauge = metrics.gauge('frames', 'Frames.');
    let frames = 1;
    const stop = metrics.beforeCollect(() => gauge.set(frames));
    frames = 7;
    expect(await metrics.text()).toContain('millrace_frames 7');
    stop();
    frames = 8;
    expect(await metrics.text()).toContain('millrace_frames 7');
  });

  it('begins every combination of known label values at 0', async () => {
    const metrics = create();
    metrics.counter('things_total', 'Things.', { kind: ['a', 'b'], size: ['s'] });
    metrics.histogram('wait_seconds', 'Wait.', [1], { outcome: ['done'] });
    metrics.gauge('level', 'Level.', { state: ['full'] });
    const text = await metrics.text();
    for (const line of [
      'millrace_things_total{kind="a",size="s"} 0',
      'millrace_things_total{kind="b",size="s"} 0',
      'millrace_wait_seconds_bucket{le="1",outcome="done"} 0',
      'millrace_level{state="full"} 0',
    ])
      expect(text).toContain(line);
  });

  it('refuses a list of label values that has got out of hand', () => {
    const many = Array.from({ length: 20 }, (_, i) => `v${i}`);
    expect(() => create().counter('things_total', 'Things.', { a: many, b: many })).toThrow('400 series');
  });

  it('says what it exports', () => {
    const metrics = create();
    metrics.counter('things_total', 'Things.', { kind: ['a'] });
    expect(metrics.describe()).toContainEqual({
      name: 'millrace_things_total',
      type: 'counter',
      help: 'Things.',
      labels: ['kind'],
    });
  });
});
