// Low-Latency HLS over two gateways behind a balancer without stickiness: what players see while a packager is killed, and that no rule
// of the format is broken.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from './support/eventually.ts';
import { PartRecorder } from './support/part-recorder.ts';
import { publishWithFfmpeg } from './support/publish-with-ffmpeg.ts';
import { roundRobin } from './support/round-robin.ts';
import type { RoundRobin } from './support/round-robin.ts';
import { SOURCE_FILE } from './support/source.ts';
import { startCluster } from './support/start-cluster.ts';
import type { RunningCluster } from './support/start-cluster.ts';
import { TenantApi } from './support/tenant-api.ts';

let cluster: RunningCluster;
let balancer: RoundRobin;
let api: TenantApi;

beforeAll(async () => {
  cluster = await startCluster({ edges: 1, packagers: 2, gateways: 2 });
  balancer = await roundRobin([cluster.gatewayUrl(1), cluster.gatewayUrl(2)]);
  api = new TenantApi(cluster.gatewayUrl(1), cluster.quickstart.api_key);
});
afterAll(async () => {
  balancer?.close();
  await cluster?.stop();
});

const isListed = (url: string) => async (): Promise<boolean> => (await fetch(url)).status === 200;

describe('a stream with low latency', () => {
  it('loses and repeats no part while its packager is killed, and breaks no rule', async () => {
    const stream = await api.createStream('killed', { latency_mode: 'low', reconnect_window_seconds: 2 });
    const ffmpeg = await publishWithFfmpeg(`${cluster.rtmpUrl(1)}/${stream.key}`, SOURCE_FILE);
    const of = (file: string): string => `${balancer.url}/hls/${stream.playbackId}/${file}`;
    await eventually('it is live', isListed(of('video.m3u8')));
    const recorders = ['video.m3u8', 'audio.m3u8'].map((file) => new PartRecorder(of(file)).start());
    await eventually('some parts came', () => recorders.every(({ parts }) => parts.size > 8));
    const packager = await owner(cluster);
    await cluster.process(packager).kill();
    const seen = recorders[0]!.parts.size;
    await eventually('parts come again', () => recorders.every(({ parts }) => parts.size > seen + 8), 30_000);
    await ffmpeg.stop();
    await eventually('the lists are closed', () => recorders.every(({ last }) => last?.endList === true), 30_000);
    for (const recorder of recorders) {
      await recorder.stop();
      await recorder.verifyUnchanged();
      expect(recorder.compareWithSegments()).toBeGreaterThan(3);
      expect(recorder.faults).toEqual([]);
      const { segments } = recorder.last!;
      expect(segments.some(({ discontinuity, gap }) => discontinuity || gap === true)).toBe(false);
    }
  });
});

/** Which packager has the stream. */
const owner = (running: RunningCluster): Promise<string> =>
  eventually('a packager has the stream', async () => {
    for (const [index, { metrics }] of running.ports.packagers.entries()) {
      const text = await (await fetch(`http://127.0.0.1:${metrics}/metrics`)).text();
      if (
        Number(/^millrace_packager_parts_total(?:\{[^}]*\})? (\d+)/m.exec(text)?.[1] ?? 0) > 0 &&
        /^millrace_packager_streams(?:\{[^}]*\})? [1-9]/m.test(text)
      )
        return `packager-${index + 1}`;
    }
    return undefined;
  });
