// Usage in a cluster whose processes are killed: compared with what the sockets of encoder and viewer have carried.
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CountingProxy } from './support/counting-proxy.ts';
import { eventually } from './support/eventually.ts';
import { publishWithFfmpeg } from './support/publish-with-ffmpeg.ts';
import type { FfmpegPublisher } from './support/publish-with-ffmpeg.ts';
import { SOURCE_FILE } from './support/source.ts';
import { startCluster } from './support/start-cluster.ts';
import type { RunningCluster } from './support/start-cluster.ts';
import { TenantApi } from './support/tenant-api.ts';
import type { TestStream } from './support/tenant-api.ts';

/** Rounds in which processes are killed. */
const ROUNDS = Number(process.env['MILLRACE_E2E_USAGE_KILLS'] ?? 1);
/** What a killed process may lose. */
const MAX_LOST_MS = 10_000;
/** Between two deaths, so that something is there that must not be lost. */
const CALM_MS = 11_000;
/** Counters and sockets may differ by one part in a thousand. */
const TOLERANCE = 1 / 1_000;

let cluster: RunningCluster;
beforeAll(async () => {
  cluster = await startCluster({ edges: 1, packagers: 1 });
});
afterAll(() => cluster?.stop());

interface Usage {
  readonly ingest_bytes: number;
  readonly egress_bytes: number;
}

/** A player that asks for the playlist and every new segment, over connections that stay. */
class Viewer {
  #stopped = false;
  readonly #done: Promise<void>;

  constructor(origin: string, playbackId: string) {
    this.#done = this.#watch(`${origin}/hls/${playbackId}`);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#done;
  }

  async #watch(base: string): Promise<void> {
    const seen = new Set<string>();
    while (!this.#stopped) {
      const playlist = await get(`${base}/index.m3u8`);
      for (const name of playlist?.match(/^[^#\n]+\.ts$/gm) ?? []) {
        if (seen.has(name) || this.#stopped) continue;
        seen.add(name);
        await get(`${base}/${name}`);
      }
      await delay(500);
    }
  }
}

/** @returns undefined when there is no answer, or not the one that was asked for */
async function get(url: string): Promise<string | undefined> {
  const answer = await fetch(url).catch(() => undefined);
  const text = await answer?.text().catch(() => undefined);
  return answer?.ok === true ? text : undefined;
}

it('counts what sockets carry once, less at most ten seconds of each process that is killed', async () => {
  const api = new TenantApi(cluster.gatewayUrl(1), cluster.quickstart.api_key);
  const stream = await api.createStream('usage');
  const rtmp = await CountingProxy.open(cluster.ports.edges[0]!.rtmp);
  const http = await CountingProxy.open(cluster.ports.gateways[0]!.http);
  const viewer = new Viewer(`http://127.0.0.1:${http.port}`, stream.playbackId);
  const usage = async (): Promise<Usage> => {
    const { data } = await api.ok('GET', `/v1/usage?live_stream_id=${stream.id}`);
    const [row] = data as Usage[];
    return row ?? { ingest_bytes: 0, egress_bytes: 0 };
  };
  let encoder = await publish(rtmp, stream);
  const lost = { sent: 0, received: 0 };
  const noteLoss = (): void => {
    const atMs = Date.now();
    lost.sent += rtmp.before(atMs, MAX_LOST_MS).sent;
    lost.received += http.before(atMs, MAX_LOST_MS).received;
  };
  for (let round = 0; round < ROUNDS; round++) {
    await delay(CALM_MS + Math.random() * 2_000);
    await Promise.all(['edge-1', 'gateway-1', 'packager-1'].map((name) => cluster.process(name).kill('SIGKILL')));
    noteLoss();
    await encoder.ended();
    await Promise.all(['edge-1', 'gateway-1', 'packager-1'].map((name) => cluster.process(name).start()));
    encoder = await publish(rtmp, stream);
  }
  await delay(1_000);
  await encoder.stop();
  await viewer.stop();
  // What stops in good order reports everything that it has counted.
  for (const name of ['edge-1', 'packager-1', 'gateway-1']) await cluster.process(name).stop();
  await cluster.process('gateway-1').start();
  const settled = await usage();
  console.log('counted', settled, 'at the sockets', rtmp.sentBytes, http.receivedBytes, 'may be lost', lost);
  expect(settled.ingest_bytes).toBeLessThanOrEqual(rtmp.sentBytes);
  expect(settled.ingest_bytes).toBeGreaterThanOrEqual(rtmp.sentBytes * (1 - TOLERANCE) - lost.sent);
  expect(settled.egress_bytes).toBeLessThanOrEqual(http.receivedBytes * (1 + TOLERANCE) + lost.received);
  expect(settled.egress_bytes).toBeGreaterThanOrEqual(http.receivedBytes * (1 - TOLERANCE) - lost.received);
  expect(rtmp.sentBytes).toBeGreaterThan(lost.sent * 1.1);
  rtmp.close();
  http.close();
});

/** Publishes in real time. Tries again when it is refused, as encoders do: the claim of a killed edge holds for a few seconds more. */
async function publish(proxy: CountingProxy, { key }: TestStream): Promise<FfmpegPublisher> {
  let ffmpeg: FfmpegPublisher | undefined;
  const isPublishing = async (): Promise<boolean> => {
    if (ffmpeg?.running !== true)
      ffmpeg = await publishWithFfmpeg(`rtmp://127.0.0.1:${proxy.port}/live/${key}`, SOURCE_FILE);
    const before = proxy.sentBytes;
    await delay(500);
    return ffmpeg.running && proxy.sentBytes > before + 20_000;
  };
  await eventually('the encoder publishes', isPublishing, 60_000);
  return ffmpeg!;
}
