// A room over two signaling servers, as a tenant sees it: REST knows who is in, whichever server they are on, also when one dies, and
// its webhooks report each thing that happened, whatever dies on the way.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { uclient } from './support/coturn.ts';
import { eventually } from './support/eventually.ts';
import { publishWithFfmpeg } from './support/publish-with-ffmpeg.ts';
import { RoomSocket } from './support/room-socket.ts';
import { SOURCE_FILE } from './support/source.ts';
import { startCluster } from './support/start-cluster.ts';
import type { RunningCluster } from './support/start-cluster.ts';

type Answer = Record<string, unknown>;

let cluster: RunningCluster;
const sockets: RoomSocket[] = [];

beforeAll(async () => {
  const env = { MILLRACE_WEBHOOK_ALLOWED_ADDRESSES: '127.0.0.0/8' };
  cluster = await startCluster({ edges: 1, packagers: 1, signalings: 2, turns: 1, env });
});
afterAll(async () => {
  for (const socket of sockets) socket.close();
  await cluster.stop();
});

async function rest(method: string, path: string, body?: object): Promise<Answer> {
  const { api_key } = cluster.quickstart;
  const answer = await fetch(`${cluster.gatewayUrl(1)}/v1${path}`, {
    method,
    headers: {
      authorization: `Bearer ${api_key}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${text}`);
  return text === '' ? {} : (JSON.parse(text) as Answer);
}

/** @param server counted from 1 */
async function ask(server: number, token: string, more: object = {}): Promise<RoomSocket> {
  const port = cluster.ports.signalings[server - 1]?.websocket;
  const socket = await RoomSocket.open(`ws://127.0.0.1:${port}/v1/rooms`);
  sockets.push(socket);
  socket.send({ type: 'join', version: 1, token, ...more });
  return socket;
}
/** @param server counted from 1 */
async function enter(server: number, token: string, more = {}): Promise<{ socket: RoomSocket; joined: Answer }> {
  const socket = await ask(server, token, more);
  return { socket, joined: await socket.next('joined') };
}
const refusal = async (server: number, token: string): Promise<unknown> =>
  (await (await ask(server, token)).next('error'))['code'];

async function newRoom(): Promise<{ id: string; token: string }> {
  const id = String((await rest('POST', '/rooms', { name: 'test' }))['id']);
  return { id, token: String((await rest('POST', `/rooms/${id}/tokens`, {}))['token']) };
}

const idOf = ({ participant }: Answer): string => (participant as { id: string }).id;
const present = async (roomId: string): Promise<string[]> =>
  ((await rest('GET', `/rooms/${roomId}/participants`))['data'] as { id: string }[]).map(({ id }) => id);

describe('a room over two servers', () => {
  it('is one room: joined, locked, emptied and ended from REST', async () => {
    const { id, token } = await newRoom();
    const [ada, bob] = [await enter(1, token), await enter(2, token)];
    expect(bob.joined['participants']).toMatchObject([{ id: idOf(ada.joined) }]);
    expect(await ada.socket.next('participant_joined')).toMatchObject({ participant: { id: idOf(bob.joined) } });
    expect(await present(id)).toEqual([idOf(ada.joined), idOf(bob.joined)]);
    expect(await rest('GET', `/rooms/${id}`)).toMatchObject({ status: 'active', participants: 2 });

    await rest('PATCH', `/rooms/${id}`, { locked: true });
    for (const { socket } of [ada, bob])
      expect(await socket.next('room_updated')).toMatchObject({ room: { locked: true } });
    await rest('PATCH', `/rooms/${id}`, { locked: false });
    await rest('DELETE', `/rooms/${id}/participants/${idOf(bob.joined)}`);
    expect(await bob.socket.next('left')).toMatchObject({ reason: 'removed' });
    expect(await ada.socket.next('participant_left')).toMatchObject({ participant_id: idOf(bob.joined) });
    expect(await refusal(1, token)).toBe('banned');
    await rest('POST', `/rooms/${id}/end`);
    expect(await ada.socket.next('left')).toMatchObject({ reason: 'room_ended' });
    await eventually('both ends are written down', async () => {
      const room = await rest('GET', `/rooms/${id}`);
      return room['started_at'] !== null && room['emptied_at'] !== null && room['status'] === 'ended';
    });
  });

  it('gives fresh tokens and seats back on either server', async () => {
    const { id } = await newRoom();
    const token = String((await rest('POST', `/rooms/${id}/tokens`, { ttl_seconds: 10 }))['token']);
    const secret = { rejoin_secret: 'the secret of a guest in a browser' };
    const ada = await enter(1, token, secret);
    const fresh = String((await ada.socket.next('token'))['token']);
    const again = await enter(2, fresh, secret);
    expect(await ada.socket.next('left')).toMatchObject({ reason: 'replaced' });
    expect(await present(id)).toEqual([idOf(again.joined)]);
    await rest('DELETE', `/rooms/${id}/participants/${idOf(again.joined)}?ban=false`);
    expect(await again.socket.next('left')).toMatchObject({ reason: 'removed' });
    await enter(1, fresh);
  });

  it('relays with the credentials that it hands out, until they are taken back', async () => {
    const { id, token } = await newRoom();
    const { joined } = await enter(2, token);
    const [, turn] = joined['ice_servers'] as [unknown, { username: string; credential: string }];
    const access = ['-u', turn.username, '-w', turn.credential, '-p', String(cluster.ports.turns[0]?.turn)];
    const relay = () => uclient(['-y', '-c', '-m', '2', '-n', '20', ...access, '127.0.0.1']);
    // Relays send each other datagrams, which a busy system may drop.
    await eventually('the relay brings everything back', async () => (await relay()).lost === 0);
    await rest('DELETE', `/rooms/${id}/participants/${idOf(joined)}`);
    await eventually('the relay refuses it', async () => (await relay()).output.includes('Cannot complete Allocation'));
  });

  it('loses the participants of a server that is killed, and no others', async () => {
    const { id, token } = await newRoom();
    const [ada, bob] = [await enter(1, token), await enter(2, token)];
    await cluster.process('signaling-2').kill();
    expect(await ada.socket.next('participant_left')).toMatchObject({
      participant_id: idOf(bob.joined),
      reason: 'lost',
    });
    expect(await present(id)).toEqual([idOf(ada.joined)]);
    await cluster.process('signaling-2').start();
    await enter(2, token);
    expect(await rest('GET', `/rooms/${id}`)).toMatchObject({ participants: 2 });
  });
});

interface Event {
  readonly id: string;
  readonly type: string;
  readonly data: { readonly object: { readonly id?: string; readonly room_id?: string; readonly reason?: string } };
}

/** A webhook endpoint of the tenant. */
class Receiver {
  readonly received: Event[] = [];
  /** Whether requests are left without an answer. */
  isSilent = false;
  readonly #server = createServer((request, response: ServerResponse) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const event = JSON.parse(Buffer.concat(parts).toString()) as Event;
      expect(request.headers['webhook-id']).toBe(event.id);
      this.received.push(event);
      if (!this.isSilent) response.end();
    });
  });

  async open(): Promise<string> {
    await new Promise<void>((listening) => this.#server.listen(0, '127.0.0.1', listening));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  /** Each event where it arrived first. */
  get firsts(): Event[] {
    return this.received.filter(({ id }, index, all) => all.findIndex((event) => event.id === id) === index);
  }
}

/** The rows, each as text. */
async function query(sql: string): Promise<string[]> {
  const { stdout } = await promisify(execFile)('psql', ['-XAtq', '-c', sql, cluster.postgresUrl]);
  return stdout.split('\n').filter((row) => row !== '');
}

/** Nothing can be written to this table until what is returned is called. */
async function lockTable(name: string): Promise<() => Promise<unknown>> {
  const psql = spawn('psql', ['-XAtq', cluster.postgresUrl], { stdio: ['pipe', 'pipe', 'inherit'] });
  psql.stdin.write(`BEGIN; LOCK TABLE ${name}; SELECT 'locked';\n`);
  await once(psql.stdout, 'data');
  return () => {
    const exited = once(psql, 'exit');
    psql.stdin.end();
    return exited;
  };
}

describe('webhooks', () => {
  const receiver = new Receiver();
  afterAll(() => receiver.close());

  it('deliver each event, once in the list and in order, though gateway, NATS and PostgreSQL are killed on the way', async () => {
    const url = await receiver.open();
    await rest('POST', '/webhook_endpoints', { url, events: ['participant.*', 'live_stream.rejected'] });
    const { id: roomId, token } = await newRoom();
    // On one server: what different servers hand over at the same time has no order.
    const [ada, bob] = [await enter(1, token), await enter(1, token)];
    const stream = await rest('POST', '/live_streams', { name: 'refused' });
    const { key } = await rest('POST', `/live_streams/${String(stream['id'])}/stream_keys`, {});
    await rest('POST', `/live_streams/${String(stream['id'])}/disable`);
    await eventually('both are reported', () => receiver.received.length === 2);

    // Nothing can be written while the services hand over what they see; then everything on the way to PostgreSQL dies.
    const unlock = await lockTable('events');
    ada.socket.send({ type: 'leave' });
    await ada.socket.next('left');
    bob.socket.send({ type: 'leave' });
    await bob.socket.next('left');
    await (await publishWithFfmpeg(`${cluster.rtmpUrl(1)}/${String(key)}`, SOURCE_FILE)).ended();
    await Promise.all(['gateway-1', 'nats'].map((name) => cluster.process(name).kill('SIGKILL')));
    await unlock();
    receiver.isSilent = true;
    await Promise.all(['gateway-1', 'nats'].map((name) => cluster.process(name).start()));

    // A gateway is killed between the request and the answer, and PostgreSQL before it can be sent again.
    await eventually('all have been sent', () => receiver.firsts.length === 4);
    await Promise.all(['gateway-1', 'postgres'].map((name) => cluster.process(name).kill('SIGKILL')));
    receiver.isSilent = false;
    await Promise.all(['gateway-1', 'postgres'].map((name) => cluster.process(name).start()));
    await eventually('everything is delivered', async () => {
      const pending = await query(`SELECT 1 FROM webhook_deliveries WHERE status = 'pending'`);
      // As if the claims of the killed gateway had expired.
      await query(`UPDATE webhook_deliveries SET next_attempt_at = now() WHERE status = 'pending' AND attempts > 0`);
      return pending.length === 0;
    });

    const { data } = await rest('GET', '/events?limit=100');
    const listed = (data as Event[])
      .toReversed()
      .filter(({ data: { object } }) => object.room_id === roomId || object.id === stream['id'])
      .filter(({ type }) => /^participant|rejected$/.test(type));
    const [adas, bobs] = [idOf(ada.joined), idOf(bob.joined)];
    const inRoom = (events: readonly Event[]) => events.filter(({ data: { object } }) => object.room_id === roomId);
    expect(inRoom(listed).map(({ type, data: { object } }) => [type, object.id])).toEqual([
      ['participant.joined', adas],
      ['participant.joined', bobs],
      ['participant.left', adas],
      ['participant.left', bobs],
    ]);
    expect(listed.filter(({ type }) => type === 'live_stream.rejected').map(({ data: { object } }) => object)).toEqual([
      expect.objectContaining({ id: stream['id'], reason: 'stream_disabled' }),
    ]);
    // At least once each, under the id of the list; those of the room in its order.
    const ids = (events: readonly Event[]): string[] => events.map(({ id }) => id);
    expect(ids(receiver.firsts).toSorted()).toEqual(ids(listed).toSorted());
    expect(ids(inRoom(receiver.firsts))).toEqual(ids(inRoom(listed)));
    expect(receiver.received.length).toBeGreaterThan(listed.length);
  });
});
