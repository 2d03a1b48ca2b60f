import { formatRelayUsername, isSecretKey, newId } from '@millrace/domain';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { askToJoin } from '../testing/room-world.ts';
import { makeWorld, until } from '../testing/tenant-world.ts';
import type { World } from '../testing/tenant-world.ts';
import { TestGateway } from '../testing/test-gateway.ts';
import { TestPostgres } from '../testing/test-postgres.ts';

let postgres: TestPostgres;
let gateway: TestGateway;
let world: World;
let roomId: string;

beforeAll(async () => {
  postgres = await TestPostgres.create();
  gateway = await TestGateway.start({
    databaseUrl: postgres.url(),
    env: { MILLRACE_MAX_SIGNING_KEYS_PER_TENANT: '3' },
  });
  world = await makeWorld(gateway);
  roomId = String((await own('POST', '/v1/rooms', { name: 'x' }))['id']);
});
afterAll(async () => {
  await gateway.close();
  await postgres.remove();
});

const own = (method: string, path: string, body?: unknown) => gateway.ok(method, path, { key: world.apiKey, body });

/** As a tenant does it on its own server. */
const sign = (key: Record<string, unknown>) => {
  const now = Math.floor(Date.now() / 1_000);
  return new SignJWT({ iss: world.tenantId, room: roomId, sub: 'ada', iat: now, exp: now + 60 })
    .setProtectedHeader({ alg: 'HS256', kid: String(key['id']) })
    .sign(Buffer.from(String(key['key'])));
};

it('rotation: a new key beside the old one, then the old one revoked, and its tokens with it', async () => {
  const first = await own('POST', '/v1/signing_keys', { name: 'first' });
  expect(isSecretKey('mr_sg', String(first['key']))).toBe(true);
  const second = await own('POST', '/v1/signing_keys', { name: 'second' });
  await own('POST', '/v1/signing_keys', { name: 'third' });
  const fourth = await gateway.call('POST', '/v1/signing_keys', { key: world.apiKey, body: {} });
  expect([fourth.status, fourth.body]).toMatchObject([409, { code: 'quota_exceeded' }]);

  const [byFirst, bySecond] = [await sign(first), await sign(second)];
  expect((await askToJoin(gateway, byFirst)).granted).toBe(true);
  expect((await askToJoin(gateway, bySecond)).granted).toBe(true);
  const path = `/v1/signing_keys/${String(first['id'])}`;
  await until('its use is noted', async () => (await own('GET', path))['last_used_at'] !== null);

  expect((await gateway.call('DELETE', path, { key: world.apiKey })).status).toBe(204);
  expect(await askToJoin(gateway, byFirst)).toEqual({ granted: false, refusal: 'bad_token' });
  expect((await askToJoin(gateway, bySecond)).granted).toBe(true);
  const revoked = await own('GET', path);
  expect(revoked).toMatchObject({ status: 'revoked', name: 'first' });
  expect((await gateway.call('DELETE', path, { key: world.apiKey })).status).toBe(204);
  expect(await own('GET', path)).toEqual(revoked);
});

it('the secret is shown once, and kept nowhere in clear', async () => {
  const other = await makeWorld(gateway);
  const made = await gateway.ok('POST', '/v1/signing_keys', { key: other.apiKey, body: {} });
  const secret = String(made['key']);
  expect(secret.endsWith(String(made['hint']))).toBe(true);
  const reads = [
    await gateway.ok('GET', '/v1/signing_keys', { key: other.apiKey }),
    await gateway.ok('GET', `/v1/signing_keys/${String(made['id'])}`, { key: other.apiKey }),
    await postgres.query(
      `SELECT row_to_json(signing_keys)::text AS a, encode(sealed, 'escape') AS s FROM signing_keys`,
    ),
    await gateway.liveStore.recall(`signing:${other.tenantId}`),
  ];
  for (const read of reads) expect(JSON.stringify(read)).not.toContain(secret);
  expect(reads[3]).toContain(String(made['id']));
});

it('guesses leave nothing behind in the live store', async () => {
  const nobody = { tenantId: newId('ten'), keyId: newId('sgk') };
  const now = Math.floor(Date.now() / 1_000);
  const token = await new SignJWT({ iss: nobody.tenantId, room: roomId, iat: now, exp: now + 60 })
    .setProtectedHeader({ alg: 'HS256', kid: nobody.keyId })
    .sign(Buffer.from('x'.repeat(43)));
  expect(await askToJoin(gateway, token)).toEqual({ granted: false, refusal: 'bad_token' });
  const username = formatRelayUsername({ expiresAtS: now + 60, tenantId: nobody.tenantId, subject: 'x' });
  expect((await gateway.relays.authorizeRelay({ username, turnId: 'turn-1' }, 5_000)).granted).toBe(false);
  // What is asked for later is remembered later: once this is, what was asked before would be too.
  expect((await askToJoin(gateway, await sign(await own('POST', '/v1/signing_keys', {})))).granted).toBe(true);
  await until(
    'a good token is remembered',
    async () => (await gateway.liveStore.recall(`room:${roomId}`)) !== undefined,
  );
  for (const kind of ['signing', 'tenant'])
    expect(await gateway.liveStore.recall(`${kind}:${nobody.tenantId}`), kind).toBeUndefined();
});
