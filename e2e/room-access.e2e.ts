// Who gets into a room and who may relay, as a tenant decides it: REST, signaling and TURN of one running server, judged by
// a plain WebSocket and by coturn's client.
import { createHmac, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { uclient } from './support/coturn.ts';
import { eventually } from './support/eventually.ts';
import { RoomSocket } from './support/room-socket.ts';
import { startStandalone } from './support/start-standalone.ts';
import type { Standalone } from './support/start-standalone.ts';

interface Credential {
  readonly username: string;
  readonly credential: string;
}
type Answer = Record<string, unknown>;

/** A run takes some two seconds. */
const RELAYED_MS = 20_000;

let millrace: Standalone;
const sockets: RoomSocket[] = [];

beforeAll(async () => {
  millrace = await startStandalone();
});
afterAll(async () => {
  for (const socket of sockets) socket.close();
  await millrace.stop();
});

async function rest(method: string, path: string, body?: object, key?: string): Promise<Answer> {
  const { api_url, api_key } = millrace.quickstart;
  const answer = await fetch(api_url + path, {
    method,
    headers: {
      authorization: `Bearer ${key ?? api_key}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${text}`);
  return text === '' ? {} : (JSON.parse(text) as Answer);
}

const makeRoom = async (fields: object = {}): Promise<string> =>
  String((await rest('POST', '/rooms', { name: 'test', ...fields }))['id']);
const makeToken = async (roomId: string, fields: object = {}): Promise<string> =>
  String((await rest('POST', `/rooms/${roomId}/tokens`, fields))['token']);

/** As a tenant makes a token itself. */
function sign(key: Answer, claims: object, expiresInS: number): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const now = Math.floor(Date.now() / 1_000);
  const body = { iss: key['tenant_id'], iat: now - 60, exp: now + expiresInS, ...claims };
  const text = `${part({ alg: 'HS256', kid: key['id'] })}.${part(body)}`;
  return `${text}.${createHmac('sha256', String(key['key'])).update(text).digest('base64url')}`;
}

async function open(): Promise<RoomSocket> {
  const socket = await RoomSocket.open(`ws://127.0.0.1:${millrace.ports.signaling}/v1/rooms`);
  sockets.push(socket);
  return socket;
}
async function enter(token: string): Promise<{ socket: RoomSocket; joined: Answer }> {
  const socket = await open();
  socket.send({ type: 'join', version: 1, token });
  return { socket, joined: await socket.next('joined') };
}
async function refusal(token: string): Promise<unknown> {
  const socket = await open();
  socket.send({ type: 'join', version: 1, token });
  return (await socket.next('error'))['code'];
}

/** A little traffic between two relays of this credential. */
const relay = ({ username, credential }: Credential, ways: readonly string[] = [], port = millrace.ports.turn) =>
  uclient([
    ...ways,
    '-y',
    '-c',
    '-m',
    '2',
    '-n',
    '20',
    '-u',
    username,
    '-w',
    credential,
    '-p',
    String(port),
    '127.0.0.1',
  ]);
/** Relays send each other datagrams, which a busy system may drop: what is promised is that the way is open, so a run without loss is waited for. */
const relaysAll = (credential: Credential, ways: readonly string[] = [], port = millrace.ports.turn) =>
  eventually(
    `a relay ${ways.join(' ')} brings everything back`,
    async () => {
      const { sent, lost, output } = await relay(credential, ways, port);
      if (sent > 0 && lost === 0) return true;
      throw new Error(output);
    },
    RELAYED_MS,
  );
const turnServer = (list: unknown): Credential =>
  (list as (Partial<Credential> & { urls: string[] })[]).find(({ username }) => username !== undefined) as Credential;

describe('a room', () => {
  it('opens to the printed link', async () => {
    const token = new URL(millrace.quickstart.call_url ?? '').hash.replace('#token=', '');
    const { joined } = await enter(token);
    expect(joined).toMatchObject({ room: { id: millrace.quickstart.room_id, name: 'demo', type: 'group' } });
    const page = await fetch(`http://127.0.0.1:${millrace.ports.http}/call/${millrace.quickstart.room_id}`);
    expect(page.status).toBe(200);
    expect(page.headers.get('content-security-policy')).toContain(`ws://localhost:${millrace.ports.signaling}`);
  });

  it('of two takes two, and is what REST says it is', async () => {
    const id = await makeRoom({ type: 'one_to_one' });
    const token = await makeToken(id);
    const ada = await enter(await makeToken(id, { identity: 'ada', name: 'Ada', permissions: { chat: false } }));
    expect(ada.joined).toMatchObject({
      participant: { identity: 'ada', name: 'Ada' },
      permissions: { publish: true, chat: false },
    });
    expect(await rest('GET', `/rooms/${id}`)).toMatchObject({ status: 'active', participants: 1 });
    await enter(token);
    expect(await refusal(token)).toBe('room_full');
    const { data } = await rest('GET', `/rooms/${id}/participants`);
    expect(data).toMatchObject([{ identity: 'ada' }, { identity: null }]);
    await eventually('its beginning is written down', async () =>
      (await rest('GET', `/rooms/${id}`))['started_at'] === null ? undefined : true,
    );
  });

  it('is locked, and unlocked; a participant is put out and cannot relay on; it is ended', async () => {
    const id = await makeRoom();
    const token = await makeToken(id);
    const { socket, joined } = await enter(token);
    const other = await enter(token);
    await rest('PATCH', `/rooms/${id}`, { locked: true, name: 'closed' });
    expect(await socket.next('room_updated')).toMatchObject({ room: { locked: true, name: 'closed' } });
    expect(await refusal(token)).toBe('room_locked');
    await rest('PATCH', `/rooms/${id}`, { locked: false });

    const credential = turnServer(joined['ice_servers']);
    await relaysAll(credential);
    const participant = (joined['participant'] as { id: string }).id;
    await rest('DELETE', `/rooms/${id}/participants/${participant}`);
    expect(await socket.next('left')).toMatchObject({ reason: 'removed' });
    expect(await other.socket.next('participant_left')).toMatchObject({ participant_id: participant });
    expect((await relay(credential)).output).toContain('Cannot complete Allocation');

    await rest('POST', `/rooms/${id}/end`);
    expect(await other.socket.next('left')).toMatchObject({ reason: 'room_ended' });
    expect(await refusal(token)).toBe('room_ended');
  });

  it('admits with the fresh token that came before the first one expired, and no participant who was removed', async () => {
    const id = await makeRoom();
    // Ten seconds are forgiven for clocks, and five of them are over.
    const token = sign(await rest('POST', '/signing_keys', {}), { room: id }, -5);
    const ada = await enter(token);
    const fresh = String((await ada.socket.next('token'))['token']);
    await eventually('the first token has expired', async () => {
      const socket = await open();
      socket.send({ type: 'probe', version: 1, token });
      return (await socket.next('error', 'probed'))['code'] === 'token_expired';
    });
    const again = await enter(fresh);
    expect(again.joined).toMatchObject({ room: { id }, permissions: ada.joined['permissions'] as object });

    const participant = (again.joined['participant'] as { id: string }).id;
    await rest('DELETE', `/rooms/${id}/participants/${participant}`);
    expect(await again.socket.next('left')).toMatchObject({ reason: 'removed' });
    expect(await refusal(fresh)).toBe('banned');
    const { data } = await rest('GET', `/rooms/${id}/bans`);
    await rest('DELETE', `/rooms/${id}/bans/${(data as { id: string }[])[0]?.id}`);
    expect((await enter(fresh)).joined).toMatchObject({ room: { id } });
  });

  it('is closed to tokens whose key was revoked', async () => {
    const id = await makeRoom();
    const key = await rest('POST', '/signing_keys', { name: 'short-lived' });
    const token = sign(key, { room: id, sub: 'ada' }, 60);
    expect((await enter(token)).joined).toMatchObject({ participant: { identity: 'ada' } });
    await rest('DELETE', `/signing_keys/${String(key['id'])}`);
    expect(await refusal(token)).toBe('bad_token');
  });
});

describe('a relay credential', () => {
  it('by REST works over UDP, TCP and TLS, until it is revoked', async () => {
    const made = await rest('POST', '/ice_servers', {});
    const credential = turnServer(made['ice_servers']);
    for (const [ways, port] of [
      [[], millrace.ports.turn],
      [['-t'], millrace.ports.turn],
      [['-t', '-S'], millrace.ports.turnTls],
    ] as const) {
      await relaysAll(credential, ways, port);
    }
    await rest('DELETE', `/ice_servers/${String(made['id'])}`);
    expect((await relay(credential)).output).toContain('Cannot complete Allocation');
  });

  it('by the tenant itself works, and not with another key', async () => {
    const key = await rest('POST', '/signing_keys', {});
    const username = `${Math.floor(Date.now() / 1_000) + 60}:${String(key['tenant_id'])}:camera-7`;
    const sign = (secret: string): Credential => ({
      username,
      credential: createHmac('sha256', secret).update(username).digest('base64'),
    });
    await relaysAll(sign(String(key['key'])));
    expect((await relay(sign('mr_sg_of-somebody-else'))).output).toContain('Cannot complete Allocation');
    const past = sign(String(key['key'])).credential;
    const expired = { username: username.replace(/^\d+/, '1700000000'), credential: past };
    expect((await relay(expired)).output).toContain('Cannot complete Allocation');
  });

  it('goes over TLS with the certificate in the data folder', async () => {
    const certificate = readFileSync(join(millrace.dataFolder, 'turn-certificate.pem'), 'utf8');
    const socket = connect({ host: '127.0.0.1', port: millrace.ports.turnTls, ca: certificate });
    await once(socket, 'secureConnect');
    expect(socket.getPeerX509Certificate()?.fingerprint256).toBe(new X509Certificate(certificate).fingerprint256);
    socket.destroy();
  });
});

describe('the limits that the operator sets', () => {
  it('are met: rooms, participants, allocations', async () => {
    const { operator_key } = millrace.quickstart;
    const { data } = await rest('GET', '/tenants');
    const tenant = `/tenants/${(data as { id: string }[])[0]?.id}`;
    const limit = (limits: object) => rest('PATCH', tenant, limits, operator_key);
    const [first, second] = [await makeRoom(), await makeRoom()];
    const { socket } = await enter(await makeToken(first));

    await limit({ max_rooms: 1, max_participants: 1_000 });
    await rest('POST', `/rooms/${millrace.quickstart.room_id}/end`);
    await eventually('only one room is open', async () => (await refusal(await makeToken(second))) === 'quota');
    await limit({ max_rooms: 100, max_participants: 1 });
    expect(await refusal(await makeToken(first))).toBe('quota');
    await limit({ max_participants: 1_000, max_relay_allocations: 1 });
    const { output } = await relay(turnServer((await rest('POST', '/ice_servers', {}))['ice_servers']));
    expect(output).toMatch(/error 486/);
    socket.close();
  });
});
