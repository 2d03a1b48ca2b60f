// A packager and a gateway in pods of the chart's size, at the load at which the chart starts another pod.
import { rmSync } from 'node:fs';
import { Cluster, freeClusterPorts } from '@millrace/tools/cluster';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ChartPods, podSize } from './support/chart-pods.ts';
import { eventually } from './support/eventually.ts';
import { RawRtmpClient } from './support/raw-rtmp-client.ts';
import { askRedis } from './support/redis-operator.ts';
import { sourceTags } from './support/source.ts';
import { TenantApi } from './support/tenant-api.ts';
import type { TestStream } from './support/tenant-api.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const STREAMS = podSize('packager').target;
const VIEWERS = podSize('gateway').target;
/** Groups of pictures of two seconds, 1.3 Mbit/s; the full run sends more of them. */
const FRAME_BYTES = 32 * 1024;
const FRAME_MS = 200;
const FRAMES_PER_GROUP = 10;
const LIVE_GROUPS = Math.ceil(3 * Number(process.env['MILLRACE_E2E_POD_SIZE_TIMES'] ?? 1));
/** What a packager finds in the log when it starts. */
const GROUPS_BEHIND = Math.ceil(4 * Number(process.env['MILLRACE_E2E_POD_SIZE_TIMES'] ?? 1));

const style = { csid: 6, headers: 'full' } as const;
const configuration = sourceTags().find(({ type, body }) => type === 9 && body[1] === 0)!.body;

/** A coded picture of one NAL unit. */
function picture(isKeyframe: boolean): Buffer {
  const body = Buffer.alloc(FRAME_BYTES, 0x5a);
  body.set([isKeyframe ? 0x17 : 0x27, 1, 0, 0, 0]);
  body.writeUInt32BE(FRAME_BYTES - 9, 5);
  body[9] = isKeyframe ? 0x65 : 0x41;
  return body;
}
const [KEYFRAME, OTHER] = [picture(true), picture(false)];

let cluster: Cluster;
let pods: ChartPods;
const streams: { readonly stream: TestStream; readonly client: RawRtmpClient; sent: number }[] = [];
const undo: (() => Promise<void> | void)[] = [];

beforeAll(async () => {
  pods = new ChartPods(['packager', 'gateway']);
  const { path: folder } = temporaryFolder('pod-size-media');
  undo.push(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  undo.push(() => pods.remove());
  const ports = await freeClusterPorts({ edges: 1, packagers: 1, gateways: 1, signalings: 0, turns: 0 });
  cluster = new Cluster({
    ...{ folder, ports },
    env: { MILLRACE_RTMP_MAX_CONNECTIONS_PER_ADDRESS: String(2 * STREAMS) },
    runService: pods.run,
  });
  await cluster.start();
  undo.push(() => cluster.stop());
});
afterAll(async () => {
  for (const step of undo.reverse()) await step();
});

async function publishAll(): Promise<void> {
  const quickstart = await cluster.quickstart();
  const operator = TenantApi.operator(quickstart);
  const [{ id }] = (await operator.ok('GET', '/v1/tenants'))['data'] as [{ id: string }];
  await operator.ok('PATCH', `/v1/tenants/${id}`, { max_live_streams: STREAMS });
  const api = TenantApi.of(quickstart);
  for (let index = 0; index < STREAMS; index++) {
    const stream = await api.createStream(`pod size ${index}`);
    const client = await RawRtmpClient.publish(cluster.ports.edges[0]!.rtmp, 'live', stream.key);
    await client.setChunkSize(65_536);
    await client.send({ type: 9, streamId: 1, timestamp: 0, body: configuration }, style);
    streams.push({ stream, client, sent: 0 });
  }
}

const sendAll = (groups: number): Promise<unknown> =>
  Promise.all(
    streams.map(async (each) => {
      for (const end = each.sent + groups * FRAMES_PER_GROUP; each.sent < end; each.sent++) {
        const body = each.sent % FRAMES_PER_GROUP === 0 ? KEYFRAME : OTHER;
        await each.client.send({ type: 9, streamId: 1, timestamp: each.sent * FRAME_MS, body }, style);
      }
    }),
  );

/** How many segments the playlist of a stream has had. */
async function segmentsOf({ playlistUrl }: TestStream): Promise<number> {
  const text = await (await fetch(playlistUrl)).text();
  return Number(/MEDIA-SEQUENCE:(\d+)/.exec(text)?.[1] ?? NaN) + [...text.matchAll(/^#EXTINF/gm)].length;
}

/** All but the segment that is open. */
async function packaged(): Promise<void> {
  for (const { stream, sent } of streams)
    await eventually(
      `all segments of ${stream.playlistUrl}`,
      async () => (await segmentsOf(stream)) === sent / FRAMES_PER_GROUP - 1,
      60_000,
    );
}

/** As a viewer does: the playlist, and every segment in it. @returns the bytes of the segments */
async function watch({ playlistUrl }: TestStream): Promise<number> {
  const playlist = await (await fetch(playlistUrl)).text();
  let bytes = 0;
  for (const [name] of playlist.matchAll(/^[^#\n].*$/gm))
    bytes += (await (await fetch(new URL(name, playlistUrl))).arrayBuffer()).byteLength;
  return bytes;
}

describe(`a packager with ${STREAMS} streams, and a gateway with ${VIEWERS} viewers, in pods of the chart's size`, () => {
  it('package and serve live streams', async () => {
    await publishAll();
    await sendAll(LIVE_GROUPS);
    await packaged();
    const watched = await Promise.all(Array.from({ length: VIEWERS }, (_, i) => watch(streams[i % STREAMS]!.stream)));
    // A whole segment at least: headers and tables come on top of the pictures.
    expect(Math.min(...watched)).toBeGreaterThan(FRAMES_PER_GROUP * FRAME_BYTES);
    pods.checkPeak(cluster, 'packager-1', 'packager');
    pods.checkPeak(cluster, 'gateway-1', 'gateway');
  });

  it('a packager that was killed catches up', async () => {
    await cluster.process('packager-1').kill();
    await sendAll(GROUPS_BEHIND);
    await cluster.process('packager-1').start();
    await packaged();
    pods.checkPeak(cluster, 'packager-1', 'packager');
  });

  it('a packager rebuilds what a Redis that was emptied has lost', async () => {
    await askRedis(cluster.ports.redis, cluster.redisOperatorPassword, 'FLUSHALL');
    await sendAll(1);
    await packaged();
    pods.checkPeak(cluster, 'packager-1', 'packager');
    expect(streams.filter(({ client }) => client.closed)).toEqual([]);
  });
});
