// Keys that may do less than everything, from fewer places, for a shorter time.
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { makeWorld, until } from '../testing/tenant-world.ts';
import type { World } from '../testing/tenant-world.ts';
import { TestGateway } from '../testing/test-gateway.ts';
import { TestPostgres } from '../testing/test-postgres.ts';

let postgres: TestPostgres;
let gateway: TestGateway;
let world: World;
beforeAll(async () => {
  postgres = await TestPostgres.create();
  gateway = await TestGateway.start({ databaseUrl: postgres.url(), env: { MILLRACE_MAX_API_KEYS_PER_TENANT: '4' } });
});
afterAll(async () => {
  await gateway.close();
  await postgres.remove();
});
beforeEach(async () => {
  world = await makeWorld(gateway);
});

interface MadeKey {
  readonly id: string;
  readonly key: string;
}
async function makeKey(fields: Record<string, unknown> = {}): Promise<MadeKey> {
  const body = { tenant_id: world.tenantId, name: 'made', ...fields };
  return (await gateway.ok('POST', '/v1/api_keys', { body })) as unknown as MadeKey;
}
const list = async (key: string): Promise<[number, string | undefined]> => {
  const answer = await gateway.call('GET', '/v1/live_streams', { key });
  return [answer.status, (answer.body as { code?: string }).code];
};

it('without restrictions may do everything, from everywhere', async () => {
  const { id, key } = await makeKey();
  expect(await list(key)).toEqual([200, undefined]);
  expect(await gateway.ok('GET', `/v1/api_keys/${id}`)).toMatchObject({ scopes: ['*'], allowed_addresses: [] });
});

it('is refused beyond its scopes, by name; the operator changes them, and they hold with the next request', async () => {
  const { id, key } = await makeKey({ scopes: ['rooms:read'] });
  expect(await list(key)).toEqual([403, 'insufficient_scope']);
  const refused = await gateway.call('GET', '/v1/live_streams', { key });
  expect(refused.body).toMatchObject({ detail: 'This key lacks the scope `live_streams:read`.' });
  await gateway.ok('PATCH', `/v1/api_keys/${id}`, { body: { scopes: ['live_streams:read'] } });
  expect(await list(key)).toEqual([200, undefined]);
  const write = await gateway.call('POST', '/v1/live_streams', { key, body: { name: 'x' } });
  expect([write.status, write.body]).toMatchObject([403, { detail: 'This key lacks the scope `live_streams:write`.' }]);
});

it('is refused from other addresses; where it was used last is kept', async () => {
  const { id, key } = await makeKey({ allowed_addresses: ['203.0.113.0/24', '2001:db8::/32'] });
  expect(await list(key)).toEqual([403, 'address_not_allowed']);
  expect(await gateway.ok('GET', `/v1/api_keys/${id}`)).toMatchObject({ last_used_at: null, last_used_address: null });
  await gateway.ok('PATCH', `/v1/api_keys/${id}`, { body: { allowed_addresses: ['127.0.0.0/8', '::1'] } });
  expect(await list(key)).toEqual([200, undefined]);
  await until('its use is noted', async () => {
    const { last_used_address: address } = await gateway.ok('GET', `/v1/api_keys/${id}`);
    return address === '127.0.0.1';
  });
});

it('that is rotated has a successor with the same rights, and works until its grace period ends', async () => {
  const rights = { scopes: ['live_streams:read'], allowed_addresses: ['127.0.0.1/32'] };
  const { id, key } = await makeKey(rights);
  const next = await gateway.ok('POST', `/v1/api_keys/${id}/rotate`, { body: { grace_seconds: 3_600 } });
  expect(next).toMatchObject({ name: 'made', ...rights, expires_at: null });
  expect(await list(key)).toEqual([200, undefined]);
  expect(await list(String(next['key']))).toEqual([200, undefined]);
  const { expires_at: expiresAt } = await gateway.ok('GET', `/v1/api_keys/${id}`);
  expect(Math.abs(Date.parse(String(expiresAt)) - Date.now() - 3_600_000)).toBeLessThan(60_000);
  const last = await gateway.ok('POST', `/v1/api_keys/${String(next['id'])}/rotate`, { body: { grace_seconds: 0 } });
  expect(await list(String(next['key']))).toEqual([401, 'key_expired']);
  expect(await list(String(last['key']))).toEqual([200, undefined]);
  const beyond = await gateway.call('POST', `/v1/api_keys/${String(last['id'])}/rotate`, {
    key: gateway.operatorKey,
    body: {},
  });
  expect([beyond.status, beyond.body]).toMatchObject([409, { code: 'quota_exceeded' }]);
});

it.each([
  [{ scopes: [] }, '/scopes'],
  [{ scopes: ['live_streams'] }, '/scopes/0'],
  [{ scopes: ['nothing:read'] }, '/scopes/0'],
  [{ allowed_addresses: ['203.0.113.0/33'] }, '/allowed_addresses/0'],
  [{ allowed_addresses: ['example.com'] }, '/allowed_addresses/0'],
])('%j is refused', async (fields, pointer) => {
  const body = { tenant_id: world.tenantId, name: 'made', ...fields };
  const answer = await gateway.call('POST', '/v1/api_keys', { key: gateway.operatorKey, body });
  expect([answer.status, answer.body]).toMatchObject([400, { errors: [{ pointer }] }]);
});

it('cannot change itself', async () => {
  const { id, key } = await makeKey();
  for (const [method, suffix] of [
    ['PATCH', ''],
    ['POST', '/rotate'],
    ['DELETE', ''],
  ] as const) {
    const body = method === 'DELETE' ? undefined : {};
    const answer = await gateway.call(method, `/v1/api_keys/${id}${suffix}`, { key, ...(body && { body }) });
    expect([answer.status, answer.body], method).toMatchObject([403, { code: 'insufficient_scope' }]);
  }
});
