// What tenants do with rooms by REST, and what signaling servers are told of it.
import { newId } from '@millrace/domain';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askToJoin, enter, grantOf, makeRoomWorld } from '../testing/room-world.ts';
import type { RoomWorld } from '../testing/room-world.ts';
import { makeWorld, until } from '../testing/tenant-world.ts';
import type { World } from '../testing/tenant-world.ts';
import { TestGateway } from '../testing/test-gateway.ts';
import { TestPostgres } from '../testing/test-postgres.ts';

let postgres: TestPostgres;
let gateway: TestGateway;
let world: World & RoomWorld;

beforeAll(async () => {
  postgres = await TestPostgres.create();
  const env = {
    MILLRACE_MAX_ROOMS_PER_TENANT: '3',
    MILLRACE_MAX_ROOM_PARTICIPANTS: '10',
    MILLRACE_PUBLIC_URL: 'https://live.example/',
    MILLRACE_PUBLIC_SIGNALING_URL: 'wss://rooms.example/v1/rooms',
    MILLRACE_JOIN_TOKEN_MAX_TTL_MS: '7200000',
  };
  gateway = await TestGateway.start({ databaseUrl: postgres.url(), env });
  world = await makeAll();
});
afterAll(async () => {
  await gateway.close();
  await postgres.remove();
});

async function makeAll(): Promise<World & RoomWorld> {
  const made = await makeWorld(gateway);
  return { ...made, ...(await makeRoomWorld(gateway, made)) };
}

const own = (method: string, path: string, body?: unknown, of: World = world) =>
  gateway.ok(method, path, { key: of.apiKey, body });
const call = (method: string, path: string, body?: unknown, of: World = world) =>
  gateway.call(method, path, { key: of.apiKey, body });
const tokenOf = async (of: World & RoomWorld, body: object = {}) =>
  String((await own('POST', `/v1/rooms/${of.roomId}/tokens`, body, of))['token']);

describe('rooms', () => {
  it('come with defaults, and keep what a change does not name', async () => {
    const other = await makeWorld(gateway);
    const made = await own('POST', '/v1/rooms', { name: 'Stand-up, 世界' }, other);
    expect(made).toMatchObject({
      tenant_id: other.tenantId,
      name: 'Stand-up, 世界',
      type: 'group',
      max_participants: 8,
      locked: false,
      status: 'idle',
      participants: 0,
      started_at: null,
      emptied_at: null,
      ended_at: null,
    });
    const path = `/v1/rooms/${String(made['id'])}`;
    expect(await own('GET', path, undefined, other)).toEqual(made);
    const changed = await own('PATCH', path, { locked: true, max_participants: 10 }, other);
    expect(changed).toMatchObject({ name: 'Stand-up, 世界', locked: true, max_participants: 10 });
    expect(Date.parse(String(changed['updated_at']))).toBeGreaterThan(Date.parse(String(made['updated_at'])));
    expect(await own('GET', path, undefined, other)).toEqual(changed);
  });

  it('are deleted for good: ended first, then gone, with their tokens', async () => {
    const other = await makeWorld(gateway);
    const made = await own('POST', '/v1/rooms', { name: 'short' }, other);
    const path = `/v1/rooms/${String(made['id'])}`;
    expect((await call('DELETE', path, undefined, world)).status).toBe(404);
    expect((await call('DELETE', path, undefined, other)).status).toBe(204);
    expect((await call('GET', path, undefined, other)).status).toBe(404);
    expect((await call('POST', `${path}/tokens`, { identity: 'ada' }, other)).status).toBe(404);
    expect((await call('DELETE', path, undefined, other)).status).toBe(404);
  });

  it('of two hold two', async () => {
    const other = await makeWorld(gateway);
    const make = (fields: object) => call('POST', '/v1/rooms', { name: 'x', type: 'one_to_one', ...fields }, other);
    const made = await make({});
    expect(made.body).toMatchObject({ max_participants: 2 });
    const pointer = { errors: [{ pointer: '/max_participants' }] };
    expect((await make({ max_participants: 3 })).body).toMatchObject(pointer);
    const path = `/v1/rooms/${(made.body as { id: string }).id}`;
    expect((await call('PATCH', path, { max_participants: 3 }, other)).body).toMatchObject(pointer);
    expect((await call('PATCH', path, { max_participants: 2 }, other)).status).toBe(200);
  });

  it.each([
    { max_participants: 11 },
    { max_participants: 0 },
    { type: 'lecture' },
    { name: 'two\nlines' },
    { status: 'active' },
    { locked: 'yes' },
  ])('refuse %j', async (fields) => {
    const answer = await call('POST', '/v1/rooms', { name: 'x', ...fields });
    const [pointer] = Object.keys(fields).map((name) => `/${name}`);
    expect([answer.status, answer.body]).toMatchObject([400, { errors: [{ pointer }] }]);
  });

  it('are so many and no more; one that was ended makes place', async () => {
    const other = await makeWorld(gateway);
    const make = () => call('POST', '/v1/rooms', { name: 'x' }, other);
    const answers = await Promise.all(Array.from({ length: 5 }, make));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 201, 201, 409, 409]);
    expect((await make()).body).toMatchObject({ code: 'quota_exceeded' });
    const { id } = answers.find(({ status }) => status === 201)?.body as { id: string };
    await own('POST', `/v1/rooms/${id}/end`, undefined, other);
    expect((await make()).status).toBe(201);
    const { data } = (await own('GET', '/v1/rooms', undefined, other)) as unknown as { data: { status: string }[] };
    expect(data.map(({ status }) => status).sort()).toEqual(['ended', 'idle', 'idle', 'idle']);
  });

  it('tell signaling servers of a change', async () => {
    const changed = await own('PATCH', `/v1/rooms/${world.roomId}`, { name: 'renamed', locked: true });
    await own('PATCH', `/v1/rooms/${world.roomId}`, { locked: false });
    await until('both changes are heard', () => gateway.ears.heard.roomChanges.length >= 2);
    const [first, second] = gateway.ears.heard.roomChanges.filter(({ roomId }) => roomId === world.roomId);
    expect(first).toEqual({
      roomId: world.roomId,
      tenantId: world.tenantId,
      name: 'renamed',
      type: 'group',
      maxParticipants: 8,
      locked: true,
      version: Date.parse(String(changed['updated_at'])),
    });
    expect(second).toMatchObject({ locked: false });
    expect(second?.version).toBeGreaterThan(first?.version ?? Infinity);
  });

  it('are active from the first one in to the last one out', async () => {
    const other = await makeAll();
    const read = () => own('GET', `/v1/rooms/${other.roomId}`, undefined, other);
    expect(await read()).toMatchObject({ status: 'active', participants: 1 });
    await until('its beginning is written down', async () => (await read())['started_at'] !== null);
    const atMs = Date.now() + 5;
    const { tenantId, roomId } = other;
    await gateway.presence.endRoom({ tenantId, roomId });
    gateway.rooms.roomFinished({ tenantId, roomId, atMs, reason: 'empty' });
    await until('its end is written down', async () => (await read())['emptied_at'] !== null);
    expect(await read()).toMatchObject({
      status: 'idle',
      participants: 0,
      ended_at: null,
      emptied_at: new Date(atMs).toISOString(),
    });
    // Told late, and twice.
    gateway.rooms.roomFinished({ tenantId, roomId, atMs: atMs - 1_000, reason: 'empty' });
    gateway.rooms.roomStarted({ tenantId, roomId, atMs: atMs + 1_000 });
    await until('it began again', async () => (await read())['started_at'] === new Date(atMs + 1_000).toISOString());
    expect(await read()).toMatchObject({ emptied_at: new Date(atMs).toISOString() });
  });

  it('whose end was never reported are finished all the same', async () => {
    const other = await makeWorld(gateway);
    const { id } = await own('POST', '/v1/rooms', { name: 'x' }, other);
    gateway.rooms.roomStarted({ tenantId: other.tenantId, roomId: String(id), atMs: Date.now() });
    await until('it is finished', async () => {
      const room = await own('GET', `/v1/rooms/${String(id)}`, undefined, other);
      return room['emptied_at'] !== null;
    });
  });

  it('are ended for good, and told so again while a participant is left', async () => {
    const other = await makeAll();
    const token = await tokenOf(other);
    const path = `/v1/rooms/${other.roomId}`;
    await until('it began', async () => (await own('GET', path, undefined, other))['started_at'] !== null);
    const ended = await own('POST', `${path}/end`, undefined, other);
    expect(ended).toMatchObject({ status: 'ended' });
    const again = await own('POST', `${path}/end`, undefined, other);
    expect(again['ended_at']).toBe(ended['ended_at']);
    const ends = () => gateway.ears.heard.roomEnds.filter(({ roomId }) => roomId === other.roomId);
    await until('signaling is told once more', () => ends().length >= 3);
    expect(ends()[0]).toEqual({ tenantId: other.tenantId, roomId: other.roomId });
    expect(await askToJoin(gateway, token)).toEqual({ granted: false, refusal: 'room_ended' });
    for (const [method, below, body] of [
      ['PATCH', '', { name: 'x' }],
      ['POST', '/tokens', {}],
    ] as const)
      expect((await call(method, path + below, body, other)).body).toMatchObject({ code: 'conflict' });
  });

  it('of a tenant that is suspended are emptied', async () => {
    const other = await makeAll();
    const token = await tokenOf(other);
    await until(
      'it began',
      async () => (await own('GET', `/v1/rooms/${other.roomId}`, undefined, other))['started_at'],
    );
    await gateway.ok('POST', `/v1/tenants/${other.tenantId}/suspend`);
    await until('signaling is told', () => gateway.ears.heard.roomEnds.some(({ roomId }) => roomId === other.roomId));
    expect(await askToJoin(gateway, token)).toEqual({ granted: false, refusal: 'tenant_suspended' });
    await gateway.ok('POST', `/v1/tenants/${other.tenantId}/resume`);
    expect((await askToJoin(gateway, token)).granted).toBe(true);
    await gateway.ok('DELETE', `/v1/tenants/${other.tenantId}?purge=true`);
    expect(await askToJoin(gateway, token)).toEqual({ granted: false, refusal: 'bad_token' });
  });
});

describe('participants', () => {
  it('are listed as they are, in the order of joining', async () => {
    const guest = await enter(gateway, await grantOf(gateway, await tokenOf(world, { name: 'Grace' })));
    const page = await own('GET', `/v1/rooms/${world.roomId}/participants`);
    expect(page).toMatchObject({
      has_more: false,
      data: [
        { id: world.participantId, identity: 'ada', room_id: world.roomId, state: 'connected' },
        { id: guest, identity: null, name: 'Grace', permissions: { publish: true, chat: true } },
      ],
    });
  });

  it('are put out, once, and cannot relay on', async () => {
    const id = await enter(gateway, await grantOf(gateway, await tokenOf(world)));
    const path = `/v1/rooms/${world.roomId}/participants/${id}`;
    expect((await call('DELETE', path)).status).toBe(204);
    const { removals, revocations } = gateway.ears.heard;
    const told = { tenantId: world.tenantId, roomId: world.roomId, participantId: id };
    await until('signaling and relays are told', () => revocations.some(({ subject }) => subject === id));
    expect(removals).toContainEqual({ ...told, ban: { key: expect.any(String) as string, version: 1 } });
    await gateway.presence.remove(world.roomId, id);
    expect((await call('DELETE', path)).status).toBe(404);
    expect((await call('DELETE', `/v1/rooms/${world.roomId}/participants/${newId('par')}`)).status).toBe(404);
  });

  it('that were put out with the end of a room cannot relay on; those who left can', async () => {
    const { tenantId, roomId } = world;
    const [out, left] = [newId('par'), newId('par')];
    gateway.rooms.participantLeft({ tenantId, roomId, participantId: left, atMs: 1, reason: 'left' });
    gateway.rooms.participantLeft({ tenantId, roomId, participantId: out, atMs: 1, reason: 'room_ended' });
    const subjects = () => gateway.ears.heard.revocations.map(({ subject }) => subject);
    await until('relays are told', () => subjects().includes(out));
    expect(subjects()).not.toContain(left);
  });
});

describe('tokens', () => {
  it('let in who has them, and say where to', async () => {
    const body = { identity: 'ada@example', name: 'Ada', permissions: { chat: false }, ttl_seconds: 600 };
    const made = await own('POST', `/v1/rooms/${world.roomId}/tokens`, body);
    const token = String(made['token']);
    expect(made).toMatchObject({
      room_id: world.roomId,
      signaling_url: 'wss://rooms.example/v1/rooms',
      call_url: `https://live.example/call/${world.roomId}#token=${token}`,
    });
    expect(Math.abs(Date.parse(String(made['expires_at'])) - Date.now() - 600_000)).toBeLessThan(10_000);
    expect(await askToJoin(gateway, token)).toMatchObject({
      granted: true,
      grant: {
        room: { roomId: world.roomId, tenantId: world.tenantId, type: 'group' },
        identity: 'ada@example',
        name: 'Ada',
        permissions: { publish: true, chat: false },
        limits: { maxRooms: 100, maxParticipants: 1_000 },
      },
    });
  });

  it.each([
    [{ ttl_seconds: 7_201 }, '/ttl_seconds'],
    [{ ttl_seconds: 0 }, '/ttl_seconds'],
    [{ identity: '' }, '/identity'],
    [{ name: 'x'.repeat(129) }, '/name'],
    [{ permissions: { record: true } }, '/permissions/record'],
  ])('refuse %j', async (body, pointer) => {
    const answer = await call('POST', `/v1/rooms/${world.roomId}/tokens`, body);
    expect([answer.status, answer.body]).toMatchObject([400, { errors: [{ pointer }] }]);
  });

  it('of a tenant without a signing key make one; of many that ask at once, one', async () => {
    const other = await makeWorld(gateway);
    const { id } = await own('POST', '/v1/rooms', { name: 'x' }, other);
    const tokens = await Promise.all(
      Array.from({ length: 4 }, () => own('POST', `/v1/rooms/${String(id)}/tokens`, {}, other)),
    );
    const page = await own('GET', '/v1/signing_keys', undefined, other);
    expect(page['data']).toMatchObject([{ name: 'default', status: 'active' }]);
    for (const { token } of tokens) expect((await askToJoin(gateway, String(token))).granted).toBe(true);
  });

  it('open no room of another tenant, whichever key signed them', async () => {
    const other = await makeAll();
    const { SignJWT } = await import('jose');
    const now = Math.floor(Date.now() / 1_000);
    const token = await new SignJWT({ iss: other.tenantId, room: world.roomId, iat: now, exp: now + 60 })
      .setProtectedHeader({ alg: 'HS256', kid: other.signingKeyId })
      .sign(Buffer.from(other.signingKey));
    expect(await askToJoin(gateway, token)).toEqual({ granted: false, refusal: 'room_not_found' });
    const stolen = await new SignJWT({ iss: world.tenantId, room: world.roomId, iat: now, exp: now + 60 })
      .setProtectedHeader({ alg: 'HS256', kid: other.signingKeyId })
      .sign(Buffer.from(other.signingKey));
    expect(await askToJoin(gateway, stolen)).toEqual({ granted: false, refusal: 'bad_token' });
  });
});
