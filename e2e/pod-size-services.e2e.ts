// A packager, a gateway, signaling and a relay in pods of the chart's size, at the load at which the chart starts another pod of each.
import { rmSync } from 'node:fs';
import { podSize } from '@millrace/k8s/pod-size';
import { Cluster, freeClusterPorts } from '@millrace/tools/cluster';
import { TurnClient, udpLink } from '@millrace/turn/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ChartPods } from './support/chart-pods.ts';
import { codedPicture } from './support/coded-picture.ts';
import { eventually } from './support/eventually.ts';
import { RawRtmpClient } from './support/raw-rtmp-client.ts';
import { askRedis } from './support/redis-operator.ts';
import { RoomSocket } from './support/room-socket.ts';
import { sourceTags } from './support/source.ts';
import { TenantApi } from './support/tenant-api.ts';
import type { TestStream } from './support/tenant-api.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

/** The full run sends so many times as much. */
const TIMES = Number(process.env['MILLRACE_E2E_POD_SIZE_TIMES'] ?? 1);
const STREAMS = podSize('packager').target;
const VIEWERS = podSize('gateway').target;
/** A third of the chart's number; the full run has all of them. */
const SOCKETS_PART = Math.min(1, TIMES / 3);
const SOCKETS = podSize('signaling').target * SOCKETS_PART;
const ALLOCATIONS = podSize('turn').target;

/** Groups of pictures of two seconds, 1.3 Mbit/s. */
const FRAME_BYTES = 32 * 1024;
const FRAME_MS = 200;
const FRAMES_PER_GROUP = 10;
const LIVE_GROUPS = 3 * TIMES;
/** What a packager finds in the log when it starts. */
const GROUPS_BEHIND = 4 * TIMES;
/** The most that a room may hold by default. */
const ROOM_SIZE = 12;
const ROOMS = Math.ceil(SOCKETS / ROOM_SIZE);
/** The most that one user may have by default. */
const ALLOCATIONS_PER_USER = 100;
/** What each client of the relay gets at least. */
const PACKETS = 10 * TIMES;
const PACKET = Buffer.alloc(1_000, 0x5a);
const CHANNEL = 0x4000;
/** So many REST requests are under way at the same time: those of one tenant wait for each other. */
const REQUESTS = 5;
/** So many clients of signaling, and of the relay. */
const CLIENTS = 40;

const style = { csid: 6, headers: 'full' } as const;
const configuration = sourceTags().find(({ type, body }) => type === 9 && body[1] === 0)!.body;

const [KEYFRAME, OTHER] = [codedPicture(FRAME_BYTES, true), codedPicture(FRAME_BYTES, false)];

let cluster: Cluster;
let pods: ChartPods;
let api: TenantApi;
const streams: { readonly stream: TestStream; readonly client: RawRtmpClient; sent: number }[] = [];
const undo: (() => Promise<void> | void)[] = [];

beforeAll(async () => {
  pods = new ChartPods(['packager', 'gateway', 'signaling', 'turn']);
  const { path: folder } = temporaryFolder('pod-size-services');
  undo.push(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  undo.push(() => pods.remove());
  const ports = await freeClusterPorts({ edges: 1, packagers: 1, gateways: 1, signalings: 1, turns: 1 });
  cluster = new Cluster({
    folder,
    ports,
    // All clients have one address here, and publishers pause while the test waits.
    env: {
      MILLRACE_RTMP_IDLE_MS: '600000',
      MILLRACE_RTMP_MAX_CONNECTIONS_PER_ADDRESS: String(2 * STREAMS),
      MILLRACE_SIGNALING_CONNECTS_PER_MINUTE: String(2 * SOCKETS),
    },
    runService: pods.run,
  });
  await cluster.start();
  undo.push(() => cluster.stop());
  pods.noteIdle(cluster, 'signaling-1');
  const quickstart = await cluster.quickstart();
  const operator = TenantApi.operator(quickstart);
  const [{ id }] = (await operator.ok('GET', '/v1/tenants'))['data'] as [{ id: string }];
  const quotas = { max_live_streams: STREAMS, max_rooms: 2 * ROOMS, max_participants: 2 * SOCKETS };
  await operator.ok('PATCH', `/v1/tenants/${id}`, quotas);
  api = TenantApi.of(quickstart);
});
afterAll(async () => {
  for (const step of undo.reverse()) await step();
});

/** Runs the task for 0, 1, … of `count`, `atOnce` at the same time. */
async function forEach<T>(count: number, atOnce: number, task: (index: number) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++) results[index] = await task(index);
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return results;
}

async function metric(service: 'signaling' | 'turn', name: string): Promise<number> {
  const { metrics } = cluster.ports[`${service}s`][0]!;
  const text = await (await fetch(`http://127.0.0.1:${metrics}/metrics`)).text();
  const values = [...text.matchAll(new RegExp(`^millrace_${name}(?:\\{[^}]*\\})? (\\S+)`, 'gm'))];
  return values.reduce((sum, [, value]) => sum + Number(value), 0);
}

async function publishAll(): Promise<void> {
  await forEach(STREAMS, REQUESTS, async (index) => {
    const stream = await api.createStream(`pod size ${index}`);
    const client = await RawRtmpClient.publish(cluster.ports.edges[0]!.rtmp, 'live', stream.key);
    await client.setChunkSize(65_536);
    await client.send({ type: 9, streamId: 1, timestamp: 0, body: configuration }, style);
    streams.push({ stream, client, sent: 0 });
  });
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

/** How many segments the playlist of a stream has had; 0 before there is one. */
async function segmentsOf({ playlistUrl }: TestStream): Promise<number> {
  const text = await (await fetch(playlistUrl)).text();
  return Number(/MEDIA-SEQUENCE:(\d+)/.exec(text)?.[1] ?? 0) + [...text.matchAll(/^#EXTINF/gm)].length;
}

/** As a viewer does: the playlist, and every segment in it. @returns the bytes of the segments. @throws what was answered instead */
async function watch({ playlistUrl }: TestStream): Promise<number> {
  const playlist = (await answered(playlistUrl)).toString();
  let bytes = 0;
  for (const [name] of playlist.matchAll(/^[^#\n].*$/gm))
    bytes += (await answered(new URL(name, playlistUrl))).byteLength;
  return bytes;
}

async function answered(url: string | URL): Promise<Buffer> {
  const response = await fetch(url);
  const body = Buffer.from(await response.arrayBuffer());
  if (!response.ok) throw new Error(`${url.toString()}: ${response.status} ${body.toString()}`);
  return body;
}

/** After what `step` does, every stream lists a segment that it did not list before. */
async function continues(step: () => Promise<unknown>): Promise<void> {
  const before = await Promise.all(streams.map(async ({ stream, sent }) => (sent === 0 ? 0 : segmentsOf(stream))));
  await step();
  for (const [index, { stream }] of streams.entries())
    await eventually(
      `a new segment of ${stream.playlistUrl}`,
      async () => (await segmentsOf(stream)) > (before[index] ?? 0),
      60_000,
    );
}

describe(`a packager with ${STREAMS} streams, and a gateway with ${VIEWERS} viewers`, () => {
  it('package and serve live streams', async () => {
    await publishAll();
    await continues(() => sendAll(LIVE_GROUPS));
    const watched = await Promise.all(Array.from({ length: VIEWERS }, (_, i) => watch(streams[i % STREAMS]!.stream)));
    // A whole segment at least: headers and tables come on top of the pictures.
    expect(Math.min(...watched)).toBeGreaterThan(FRAMES_PER_GROUP * FRAME_BYTES);
    pods.checkPeak(cluster, 'packager-1', 'packager');
    pods.checkPeak(cluster, 'gateway-1', 'gateway');
  });

  it('a packager that was killed catches up', async () => {
    const packager = cluster.process('packager-1');
    await continues(async () => {
      await packager.kill();
      await sendAll(GROUPS_BEHIND);
      await packager.start();
    });
    pods.checkPeak(cluster, 'packager-1', 'packager');
  });

  it('a packager rebuilds what a Redis that was emptied has lost', async () => {
    await continues(async () => {
      await askRedis(cluster.ports.redis, cluster.redisOperatorPassword, 'FLUSHALL');
      await sendAll(1);
    });
    pods.checkPeak(cluster, 'packager-1', 'packager');
    expect(streams.filter(({ client }) => client.closed)).toEqual([]);
    for (const { client } of streams) client.destroy();
  });
});

describe(`signaling with ${SOCKETS} sockets, in rooms of ${ROOM_SIZE}`, () => {
  it('serves all of them in its memory', async () => {
    const tokens = await forEach(ROOMS, REQUESTS, async (index) => {
      const room = await api.ok('POST', '/v1/rooms', { name: `room ${index}`, max_participants: ROOM_SIZE });
      return String((await api.ok('POST', `/v1/rooms/${String(room['id'])}/tokens`, {}))['token']);
    });
    const url = `ws://127.0.0.1:${cluster.ports.signalings[0]!.websocket}/v1/rooms`;
    const sockets = await forEach(SOCKETS, CLIENTS, async (index) => {
      const socket = await RoomSocket.open(url);
      socket.send({ type: 'join', version: 1, token: tokens[index % ROOMS] });
      const answer = await socket.next('joined', 'error');
      if (answer['type'] !== 'joined') throw new Error(`refused: ${JSON.stringify(answer)}`);
      return socket;
    });
    for (let round = 0; round < TIMES; round++)
      await forEach(SOCKETS, CLIENTS, async (index) => {
        const socket = sockets[index]!;
        socket.send({ type: 'chat', id: `${round}`, text: 'x'.repeat(200) });
        const answer = await socket.next('accepted', 'error');
        if (answer['type'] !== 'accepted') throw new Error(`refused: ${JSON.stringify(answer)}`);
      });
    expect(await metric('signaling', 'signaling_sockets')).toBe(SOCKETS);
    pods.checkPeak(cluster, 'signaling-1', 'signaling', SOCKETS_PART);
    for (const socket of sockets) socket.close();
  });
});

describe(`a relay with ${ALLOCATIONS} allocations`, () => {
  it('serves all of them in its memory', async () => {
    const users = await forEach(Math.ceil(ALLOCATIONS / ALLOCATIONS_PER_USER), REQUESTS, async () => {
      const { ice_servers } = await api.ok('POST', '/v1/ice_servers', {});
      const { username, credential } = (ice_servers as { username: string; credential: string }[]).at(-1)!;
      return { username, password: credential };
    });
    const port = cluster.ports.turns[0]!.turn;
    const clients = await forEach(ALLOCATIONS, CLIENTS, async (index) => {
      const client = new TurnClient(await udpLink('127.0.0.1', port), users[index % users.length]!);
      return { client, relayed: await client.relay() };
    });
    // Each with its neighbour, relay to relay; over UDP a packet may be lost, and is sent again.
    const neighbour = (index: number) => clients[index % 2 === 0 ? index + 1 : index - 1]!;
    await forEach(ALLOCATIONS, CLIENTS, (index) => clients[index]!.client.bind(CHANNEL, neighbour(index).relayed));
    await forEach(ALLOCATIONS, CLIENTS, async (index) => {
      const { client } = clients[index]!;
      const { received } = neighbour(index).client;
      for (let packets = 1; packets <= PACKETS; packets++) {
        client.sendOn(CHANNEL, PACKET);
        const arrives = () => received.length >= packets || void client.sendOn(CHANNEL, PACKET);
        await eventually(`packet ${packets} of client ${index}`, arrives, 30_000, 20);
      }
    });
    expect(await metric('turn', 'turn_allocations')).toBe(ALLOCATIONS);
    pods.checkPeak(cluster, 'turn-1', 'turn');
    for (const { client } of clients) client.close();
  });
});
