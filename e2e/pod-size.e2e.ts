// An edge in a pod of the chart's size while no packager commits: it keeps to its memory, and every publisher goes on.
import { rmSync } from 'node:fs';
import { podSize } from '@millrace/k8s/pod-size';
import { Cluster, freeClusterPorts } from '@millrace/tools/cluster';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ChartPods } from './support/chart-pods.ts';
import { codedPicture } from './support/coded-picture.ts';
import { RawRtmpClient } from './support/raw-rtmp-client.ts';
import { sourceTags } from './support/source.ts';
import { TenantApi } from './support/tenant-api.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const MiB = 1024 ** 2;
const { limitBytes: LIMIT, target: PUBLISHERS } = podSize('rtmp-edge');
/** What goes in, in multiples of the memory limit. */
const TIMES = Number(process.env['MILLRACE_E2E_POD_SIZE_TIMES'] ?? 1.25);
const FRAME_BYTES = 64 * 1024;
const FRAMES_PER_GROUP = 20;

const style = { csid: 6, headers: 'full' } as const;
const configuration = sourceTags().find(({ type, body }) => type === 9 && body[1] === 0)!.body;

const [KEYFRAME, OTHER] = [codedPicture(FRAME_BYTES, true), codedPicture(FRAME_BYTES, false)];

let cluster: Cluster;
let pods: ChartPods;
let folder: string;
const undo: (() => Promise<void> | void)[] = [];

beforeAll(async () => {
  pods = new ChartPods(['rtmp-edge']);
  folder = temporaryFolder('pod-size').path;
  undo.push(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  undo.push(() => pods.remove());
  const ports = await freeClusterPorts({ edges: 1, packagers: 1, gateways: 1, signalings: 0, turns: 0 });
  cluster = new Cluster({
    folder,
    ports,
    env: {
      MILLRACE_RTMP_MAX_CONNECTIONS_PER_ADDRESS: String(2 * PUBLISHERS),
      // Those that came first send nothing until the last one has come.
      MILLRACE_RTMP_IDLE_MS: '60000',
      // Where the tests may make no cgroup, the edge is told what it would find there.
      ...(!pods.isLimited('rtmp-edge') && { MILLRACE_RETAINED_FRAMES_BYTES: String((LIMIT * 3) / 8) }),
    },
    runService: pods.run,
  });
  await cluster.start();
  undo.push(() => cluster.stop());
  // It has made the streams that edges wait for, and is not needed any more.
  await cluster.process('packager-1').stop();
});
afterAll(async () => {
  for (const step of undo.reverse()) await step();
});

async function metric(name: string): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${cluster.ports.edges[0]!.metrics}/metrics`);
  const line = new RegExp(`^millrace_${name}(?:\\{[^}]*\\})? (\\S+)`, 'm').exec(await answer.text());
  return Number(line?.[1]);
}

describe(`an edge with ${LIMIT / MiB} MiB and ${PUBLISHERS} publishers, and no packager`, () => {
  it('keeps what fits, tells what it lets go, and goes on with every publisher', async () => {
    const quickstart = await cluster.quickstart();
    const tenant = new URL(quickstart.api_url).origin;
    const operator = TenantApi.operator(quickstart);
    const [{ id }] = (await operator.ok('GET', '/v1/tenants'))['data'] as [{ id: string }];
    await operator.ok('PATCH', `/v1/tenants/${id}`, { max_live_streams: PUBLISHERS });
    const api = new TenantApi(tenant, quickstart.api_key);
    const port = cluster.ports.edges[0]!.rtmp;
    const publish = async (index: number): Promise<RawRtmpClient> => {
      const { key } = await api.createStream(`pod size ${index}`);
      const client = await RawRtmpClient.publish(port, 'live', key);
      await client.setChunkSize(65_536);
      await client.send({ type: 9, streamId: 1, timestamp: 0, body: configuration }, style);
      return client;
    };
    const clients: RawRtmpClient[] = [];
    for (let index = 0; index < PUBLISHERS; index++) clients.push(await publish(index));

    const framesEach = Math.ceil((LIMIT * TIMES) / FRAME_BYTES / PUBLISHERS);
    await Promise.all(
      clients.map(async (client) => {
        for (let i = 0; i < framesEach; i++) {
          const body = i % FRAMES_PER_GROUP === 0 ? KEYFRAME : OTHER;
          await client.send({ type: 9, streamId: 1, timestamp: i * 40, body }, style);
        }
      }),
    );
    const limit = await metric('bus_retained_limit_bytes');
    expect(limit).toBe((LIMIT * 3) / 8);
    await expect.poll(() => metric('bus_inflight_bytes'), { timeout: 60_000 }).toBe(0);
    expect(await metric('bus_retained_bytes')).toBeLessThanOrEqual(limit);
    expect(await metric('bus_retained_bytes')).toBeGreaterThan(limit * 0.8);
    expect(await metric('bus_evicted_frames_total')).toBeGreaterThan(0);
    expect(clients.filter(({ closed }) => closed)).toEqual([]);
    expect(cluster.logs('edge-1').tail()).not.toContain('publish ended');
    pods.checkPeak(cluster, 'edge-1', 'rtmp-edge');
    for (const client of clients) client.destroy();
  });
});
