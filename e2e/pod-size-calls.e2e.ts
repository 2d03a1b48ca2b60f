// Signaling and a relay in pods of the chart's size, with as many sockets and allocations as make the chart start another pod.
import { rmSync } from 'node:fs';
import { Cluster, freeClusterPorts } from '@millrace/tools/cluster';
import { TurnClient, udpLink } from '@millrace/turn/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ChartPods, podSize } from './support/chart-pods.ts';
import { RoomSocket } from './support/room-socket.ts';
import { TenantApi } from './support/tenant-api.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const SOCKETS = podSize('signaling').target;
/** The most that a room holds by default. */
const ROOM_SIZE = 12;
const ROOMS = Math.ceil(SOCKETS / ROOM_SIZE);
const ALLOCATIONS = podSize('turn').target;
/** The most that one user may have by default. */
const ALLOCATIONS_PER_USER = 100;
/** How often each of them chats, or sends a packet. */
const MESSAGES = Number(process.env['MILLRACE_E2E_POD_SIZE_TIMES'] ?? 1);
const PACKETS = 40 * MESSAGES;
const PACKET = Buffer.alloc(1_000, 0x5a);
const CHANNEL = 0x4000;
/** So many requests are under way at the same time. */
const AT_ONCE = 200;

let cluster: Cluster;
let pods: ChartPods;
let api: TenantApi;
const undo: (() => Promise<void> | void)[] = [];

beforeAll(async () => {
  pods = new ChartPods(['signaling', 'turn']);
  const { path: folder } = temporaryFolder('pod-size-calls');
  undo.push(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  undo.push(() => pods.remove());
  const ports = await freeClusterPorts({ edges: 0, packagers: 0, gateways: 1, signalings: 1, turns: 1 });
  cluster = new Cluster({ folder, ports, runService: pods.run });
  await cluster.start();
  undo.push(() => cluster.stop());
  const quickstart = await cluster.quickstart();
  const operator = TenantApi.operator(quickstart);
  const [{ id }] = (await operator.ok('GET', '/v1/tenants'))['data'] as [{ id: string }];
  await operator.ok('PATCH', `/v1/tenants/${id}`, { max_rooms: 2 * ROOMS, max_participants: 2 * SOCKETS });
  api = TenantApi.of(quickstart);
});
afterAll(async () => {
  for (const step of undo.reverse()) await step();
});

/** Does it for 0, 1, … of `count`, some at the same time. */
async function forEach<T>(count: number, task: (index: number) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++) results[index] = await task(index);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return results;
}

async function newRoom(index: number): Promise<string> {
  const { id } = await api.createRoom(`room ${index}`);
  return String((await api.ok('POST', `/v1/rooms/${id}/tokens`, {}))['token']);
}

describe(`signaling with ${SOCKETS} sockets, in rooms of ${ROOM_SIZE}`, () => {
  it('serves all of them in its memory', async () => {
    const tokens = await forEach(ROOMS, newRoom);
    const url = `ws://127.0.0.1:${cluster.ports.signalings[0]!.websocket}/v1/rooms`;
    const sockets = await forEach(SOCKETS, async (index) => {
      const socket = await RoomSocket.open(url);
      socket.send({ type: 'join', version: 1, token: tokens[index % ROOMS] });
      await socket.next('joined');
      return socket;
    });
    for (let round = 0; round < MESSAGES; round++)
      await forEach(SOCKETS, async (index) => {
        const socket = sockets[index]!;
        socket.send({ type: 'chat', id: `${round}`, text: 'x'.repeat(200) });
        expect(await socket.next('accepted', 'error')).toMatchObject({ type: 'accepted' });
      });
    expect(await metric('signaling', 'signaling_sockets')).toBe(SOCKETS);
    pods.checkPeak(cluster, 'signaling-1', 'signaling');
    for (const socket of sockets) socket.close();
  });
});

describe(`a relay with ${ALLOCATIONS} allocations`, () => {
  it('serves all of them in its memory', async () => {
    const users = await forEach(Math.ceil(ALLOCATIONS / ALLOCATIONS_PER_USER), async () => {
      const { ice_servers } = await api.ok('POST', '/v1/ice_servers', {});
      const relay = (ice_servers as { urls: string[]; username: string; credential: string }[]).at(-1)!;
      return { username: relay.username, password: relay.credential };
    });
    const port = cluster.ports.turns[0]!.turn;
    const clients = await forEach(ALLOCATIONS, async (index) => {
      const link = await udpLink('127.0.0.1', port);
      const client = new TurnClient(link, users[index % users.length]!);
      return { client, relayed: await client.relay() };
    });
    // Each with its neighbour, relay to relay.
    const partner = (index: number): number => (index % 2 === 0 ? index + 1 : index - 1);
    await forEach(ALLOCATIONS, (index) => clients[index]!.client.bind(CHANNEL, clients[partner(index)]!.relayed));
    for (let packet = 0; packet < PACKETS; packet++)
      await forEach(ALLOCATIONS, async (index) => clients[index]!.client.sendOn(CHANNEL, PACKET));
    await expect
      .poll(() => clients.filter(({ client }) => client.received.length < PACKETS / 2).length, { timeout: 30_000 })
      .toBe(0);
    expect(await metric('turn', 'turn_allocations')).toBe(ALLOCATIONS);
    pods.checkPeak(cluster, 'turn-1', 'turn');
    for (const { client } of clients) client.close();
  });
});

async function metric(service: 'signaling' | 'turn', name: string): Promise<number> {
  const { metrics } = cluster.ports[`${service}s`][0]!;
  const text = await (await fetch(`http://127.0.0.1:${metrics}/metrics`)).text();
  const values = [...text.matchAll(new RegExp(`^millrace_${name}(?:\\{[^}]*\\})? (\\S+)`, 'gm'))];
  return values.reduce((sum, [, value]) => sum + Number(value), 0);
}
