// Relay credentials: made by REST, by the tenant itself, for participants; taken back.
import { formatRelayUsername, newId } from '@millrace/domain';
import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeRoomWorld } from '../testing/room-world.ts';
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
    MILLRACE_ICE_URLS: 'stun:turn.example:3478, turn:turn.example:3478?transport=udp,turns:turn.example:5349',
    MILLRACE_ICE_MAX_TTL_MS: '86400000',
    MILLRACE_MAX_ICE_CREDENTIALS_PER_TENANT: '4',
    MILLRACE_MAX_RELAY_ALLOCATIONS_PER_USER: '7',
    MILLRACE_MAX_RELAY_BITS_PER_ALLOCATION: '1000000',
  };
  gateway = await TestGateway.start({ databaseUrl: postgres.url(), env });
  world = await makeAll();
});
afterAll(async () => {
  await gateway.close();
  await postgres.remove();
});

async function makeAll(): Promise<World & RoomWorld> {
  const made = await makeWorld(gateway, { max_relay_allocations: 30, max_relay_bits_per_second: 5_000_000_000 });
  return { ...made, ...(await makeRoomWorld(gateway, made)) };
}

interface IceServersBody {
  readonly id: string;
  readonly expires_at: string;
  readonly iceServers: object[];
  readonly ice_servers: [{ urls: string[] }, { urls: string[]; username: string; credential: string }];
}
const create = async (of: World = world, body: object = {}) =>
  (await gateway.ok('POST', '/v1/ice_servers', { key: of.apiKey, body })) as unknown as IceServersBody;
const authorize = (username: string) => gateway.relays.authorizeRelay({ username, turnId: 'turn-1' }, 5_000);
const nowS = () => Math.floor(Date.now() / 1_000);
const refused = (refusal: string) => ({ granted: false, refusal });

describe('ice_servers', () => {
  it('are exactly what RTCPeerConnection takes, and open the relay until they expire', async () => {
    const made = await create(world, { ttl_seconds: 600 });
    const [stun, turn] = made.ice_servers;
    expect(made.iceServers).toEqual(made.ice_servers);
    expect(stun).toEqual({ urls: ['stun:turn.example:3478'] });
    expect(Object.keys(turn)).toEqual(['urls', 'username', 'credential']);
    expect(turn.urls).toEqual(['turn:turn.example:3478?transport=udp', 'turns:turn.example:5349']);
    const expiresAtMs = Date.parse(made.expires_at);
    expect(Math.abs(expiresAtMs - Date.now() - 600_000)).toBeLessThan(10_000);
    expect(turn.username).toBe(`${expiresAtMs / 1_000}:${world.tenantId}:${made.id}`);
    expect(await authorize(turn.username)).toEqual({
      granted: true,
      tenantId: world.tenantId,
      subject: made.id,
      expiresAtMs,
      passwords: [turn.credential],
      limits: {
        maxAllocations: 30,
        maxAllocationsPerUser: 7,
        maxBitsPerSecond: 5_000_000_000,
        maxBitsPerSecondPerAllocation: 1_000_000,
      },
    });
  });

  it('are taken back: relays are told, and refuse them from then on', async () => {
    const other = await makeAll();
    const { id, ice_servers: servers } = await create(other);
    const answer = await gateway.call('DELETE', `/v1/ice_servers/${id}`, { key: other.apiKey });
    expect(answer.status).toBe(204);
    expect(await authorize(servers[1].username)).toEqual(refused('revoked'));
    await until('relays are told', () => gateway.ears.heard.revocations.some(({ subject }) => subject === id));
    // Also with another expiry: it is the subject that was revoked.
    const longer = formatRelayUsername({ expiresAtS: nowS() + 9_999, tenantId: other.tenantId, subject: id });
    expect(await authorize(longer)).toEqual(refused('revoked'));
    expect((await gateway.call('DELETE', `/v1/ice_servers/${id}`, { key: other.apiKey })).status).toBe(204);
  });

  it('are looked at anew when a signing key is revoked or the tenant suspended: relays are told', async () => {
    const other = await makeAll();
    const told = () => gateway.ears.heard.revocations.filter(({ tenantId }) => tenantId === other.tenantId);
    const { id } = await gateway.ok('POST', '/v1/signing_keys', { key: other.apiKey, body: {} });
    await gateway.ok('DELETE', `/v1/signing_keys/${String(id)}`, { key: other.apiKey });
    await until('relays are told of the key', () => told().length === 1);
    await gateway.ok('POST', `/v1/tenants/${other.tenantId}/suspend`);
    await until('relays are told of the tenant', () => told().length === 2);
    for (const event of told()) expect(event.subject).toBeUndefined();
  });

  it('are so many and no more, and no longer than may be', async () => {
    const other = await makeWorld(gateway);
    for (let i = 0; i < 4; i++) await create(other);
    const fifth = await gateway.call('POST', '/v1/ice_servers', { key: other.apiKey, body: {} });
    expect([fifth.status, fifth.body]).toMatchObject([409, { code: 'quota_exceeded' }]);
    const body = { ttl_seconds: 86_401 };
    const longer = await gateway.call('POST', '/v1/ice_servers', { key: other.apiKey, body });
    expect([longer.status, longer.body]).toMatchObject([400, { errors: [{ pointer: '/ttl_seconds' }] }]);
  });
});

describe('what a tenant makes itself', () => {
  it('works with any of its keys in force, the newest first, and with no other', async () => {
    const other = await makeAll();
    const second = await gateway.ok('POST', '/v1/signing_keys', { key: other.apiKey, body: {} });
    const username = `${nowS() + 60}:${other.tenantId}:camera-7_b`;
    const password = (key: string) => createHmac('sha256', key).update(username).digest('base64');
    const expected = [password(String(second['key'])), password(other.signingKey)];
    expect(await authorize(username)).toMatchObject({ subject: 'camera-7_b', passwords: expected });
    await gateway.ok('DELETE', `/v1/signing_keys/${other.signingKeyId}`, { key: other.apiKey });
    expect(await authorize(username)).toMatchObject({ passwords: expected.slice(0, 1) });
    await gateway.ok('DELETE', `/v1/signing_keys/${String(second['id'])}`, { key: other.apiKey });
    expect(await authorize(username)).toEqual(refused('revoked'));
  });

  it('is refused when it has expired, or belongs to no tenant or to a suspended one', async () => {
    const other = await makeAll();
    const name = (expiresAtS: number, tenantId: string) => formatRelayUsername({ expiresAtS, tenantId, subject: 'x' });
    expect(await authorize(name(nowS() - 1, other.tenantId))).toEqual(refused('expired'));
    expect(await authorize(name(nowS() + 60, newId('ten')))).toEqual(refused('unknown_tenant'));
    await gateway.ok('POST', `/v1/tenants/${other.tenantId}/suspend`);
    expect(await authorize(name(nowS() + 60, other.tenantId))).toEqual(refused('tenant_suspended'));
  });
});

describe('ICE servers of participants', () => {
  it('are made for each participant, and open the relay', async () => {
    const { tenantId, participantId } = world;
    const answer = await gateway.rooms.issueIceServers({ tenantId, subject: participantId }, 5_000);
    if (!answer.granted) throw new Error(answer.refusal);
    const [, turn] = answer.iceServers;
    expect(Math.abs(answer.expiresAtMs - Date.now() - 12 * 3_600_000)).toBeLessThan(10_000);
    expect(await authorize(turn?.username ?? '')).toMatchObject({
      subject: participantId,
      expiresAtMs: answer.expiresAtMs,
      passwords: [turn?.credential],
    });
  });

  it('make a key for a tenant without one, and nothing for an unknown or suspended tenant', async () => {
    const other = await makeWorld(gateway);
    const ask = (tenantId: string) => gateway.rooms.issueIceServers({ tenantId, subject: newId('par') }, 5_000);
    expect((await ask(other.tenantId)).granted).toBe(true);
    const keys = await gateway.ok('GET', '/v1/signing_keys', { key: other.apiKey });
    expect(keys['data']).toMatchObject([{ name: 'default' }]);
    await gateway.ok('POST', `/v1/tenants/${other.tenantId}/suspend`);
    expect(await ask(other.tenantId)).toEqual(refused('tenant_suspended'));
    expect((await ask(newId('ten'))).granted).toBe(false);
  });
});

it('what has expired is forgotten', async () => {
  await postgres.query(
    `UPDATE relay_credentials SET expires_at = now() - interval '1 second' WHERE subject = '${world.iceServersId}'`,
  );
  const { RelayCredentials } = await import('./relay-credentials.ts');
  await gateway.app.get(RelayCredentials, { strict: false }).purge(Date.now());
  const rows = await postgres.query(`SELECT subject, expires_at > now() AS valid FROM relay_credentials`);
  expect(rows.every(({ valid }) => valid === true)).toBe(true);
  expect(rows.map(({ subject }) => subject)).not.toContain(world.iceServersId);
});
