// A room over two signaling servers, as a tenant sees it: REST knows who is in, whichever server they are on, also when one dies.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { uclient } from './support/coturn.ts';
import { eventually } from './support/eventually.ts';
import { RoomSocket } from './support/room-socket.ts';
import { startCluster } from './support/start-cluster.ts';
import type { RunningCluster } from './support/start-cluster.ts';

type Answer = Record<string, unknown>;

let cluster: RunningCluster;
const sockets: RoomSocket[] = [];

beforeAll(async () => {
  cluster = await startCluster({ edges: 1, packagers: 1, signalings: 2, turns: 1 });
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
    expect((await relay()).lost).toBe(0);
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
