// What holds for every REST call that changes something, over all that the OpenAPI document has.
import { createLogger } from '@millrace/service-kit';
import type { OpenAPIObject } from '@nestjs/swagger';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestGateway } from '../testing/test-gateway.ts';
import type { Answer } from '../testing/test-gateway.ts';
import { TestPostgres } from '../testing/test-postgres.ts';
import { makeRoomWorld } from '../testing/room-world.ts';
import { makeWorld, until } from '../testing/tenant-world.ts';
import type { World } from '../testing/tenant-world.ts';
import { makeWebhookWorld, WEBHOOKS_ON_LOOPBACK } from '../testing/webhook-world.ts';

let postgres: TestPostgres;
let gateway: TestGateway;
let world: World;
let paths: Readonly<Record<string, string>>;
let writes: readonly (readonly [string, string])[];
const lines: string[] = [];

beforeAll(async () => {
  postgres = await TestPostgres.create();
  const destination = { write: (line: string) => void lines.push(line) };
  const logger = createLogger({ service: 'gateway', level: 'info', destination });
  gateway = await TestGateway.start({ databaseUrl: postgres.url(), logger, env: WEBHOOKS_ON_LOOPBACK });
  world = await makeWorld(gateway);
  const { roomId, signingKeyId } = await makeRoomWorld(gateway, world);
  const { webhookEndpointId, webhookDeliveryId } = await makeWebhookWorld(gateway, world);
  paths = {
    '{tenant_id}': world.tenantId,
    '{api_key_id}': world.apiKeyId,
    '{live_stream_id}': world.streamId,
    '{stream_key_id}': world.streamKeyId,
    '{playback_id}': world.playbackId,
    '{room_id}': roomId,
    '{signing_key_id}': signingKeyId,
    '{webhook_endpoint_id}': webhookEndpointId,
    '{webhook_delivery_id}': webhookDeliveryId,
    '{user_id}': `usr_${'0'.repeat(26)}`,
    '{console_session_id}': `cse_${'0'.repeat(26)}`,
    '{participant_id}': `par_${'0'.repeat(26)}`,
  };
  const document = (await gateway.ok('GET', '/openapi.json')) as unknown as OpenAPIObject;
  writes = Object.entries(document.paths)
    // OBS of any release asks this one, with fields that only it knows.
    .filter(([path]) => path.startsWith('/v1/') && path !== '/v1/GetClientConfiguration')
    .flatMap(([path, item]) =>
      (['post', 'put', 'patch', 'delete'] as const).flatMap((method) =>
        item[method] === undefined ? [] : [[method.toUpperCase(), path] as const],
      ),
    );
});
afterAll(async () => {
  await gateway.close();
  await postgres.remove();
});

const addressOf = (path: string): string =>
  path.replaceAll(/\{\w+\}/g, (name) => paths[name] ?? `no example for ${name}`);

const faultsOf = ({ body }: Answer): readonly { readonly pointer: string; readonly detail: string }[] =>
  (body as { errors?: { pointer: string; detail: string }[] } | undefined)?.errors ?? [];

describe('a field that a write does not know', () => {
  it('is refused by name, on every route, before anything is changed', async () => {
    expect(writes.length).toBeGreaterThan(20);
    for (const [method, path] of writes) {
      const answer = await gateway.call(method, addressOf(path), { body: { no_such_field: 'signed' } });
      expect(`${method} ${path}: ${answer.status}`).toBe(`${method} ${path}: 400`);
      expect(faultsOf(answer), `${method} ${path}`).toContainEqual({
        pointer: '/no_such_field',
        code: 'unknown_field',
        detail: 'unknown field',
      });
    }
    // Nothing was deleted, disabled or ended on the way.
    expect(await gateway.ok('GET', `/v1/live_streams/${world.streamId}`)).toMatchObject({ enabled: true });
  });

  it('may not hide in a route without fields; an empty body is none', async () => {
    const address = `/v1/live_streams/${world.streamId}/enable`;
    const forced = await gateway.call('POST', address, { body: { force: true } });
    expect([forced.status, faultsOf(forced)[0]?.pointer]).toEqual([400, '/force']);
    expect((await gateway.call('POST', address, { body: [] })).status).toBe(400);
    expect((await gateway.call('POST', address, { body: {} })).status).toBe(200);
    expect((await gateway.call('POST', address)).status).toBe(200);
  });
});

describe('times', () => {
  const create = (expiresAt: string): Promise<Answer> =>
    gateway.call('POST', `/v1/live_streams/${world.streamId}/stream_keys`, { body: { expires_at: expiresAt } });

  it.each(['2099-01-02T03:04:05Z', '2099-01-02T03:04:05+00:00', '2099-01-02T05:04:05.000+02:00'])(
    'are taken with any offset of RFC 3339, and given in UTC: %s',
    async (text) => {
      const answer = await create(text);
      expect([answer.status, (answer.body as { expires_at?: string }).expires_at]).toEqual([
        201,
        '2099-01-02T03:04:05.000Z',
      ]);
    },
  );

  it.each(['2020-01-01T00:00:00Z', '1999-12-31T23:59:59+00:00'])('of an end may not be over: %s', async (text) => {
    for (const answer of [
      await create(text),
      await gateway.call('POST', '/v1/api_keys', { body: { tenant_id: world.tenantId, name: 'k', expires_at: text } }),
    ]) {
      expect(answer.status).toBe(400);
      expect(faultsOf(answer)).toEqual([{ pointer: '/expires_at', code: 'invalid', detail: 'must be in the future' }]);
    }
  });
});

describe('bodies', () => {
  const send = (body: Uint8Array<ArrayBuffer>, type: string): Promise<Response> =>
    fetch(`${gateway.url}/v1/tenants`, {
      method: 'POST',
      headers: { authorization: `Bearer ${gateway.operatorKey}`, 'content-type': type },
      body,
    });

  it('are UTF-8 and nothing else', async () => {
    const latin1 = Buffer.from('{"name":"caf\u00e9"}', 'latin1');
    expect((await send(latin1, 'application/json')).status).toBe(400);
    expect((await send(latin1, 'application/json; charset=iso-8859-1')).status).toBe(415);
    expect((await send(Buffer.from('{"name":"x"}', 'utf16le'), 'application/json; charset=utf-16')).status).toBe(415);
    for (const type of ['application/json', 'application/json; charset=utf-8', 'application/json;charset="UTF-8"']) {
      const answer = await send(Buffer.from('{"name":"caf\u00e9"}'), type);
      expect([type, answer.status, ((await answer.json()) as { name?: string }).name]).toEqual([
        type,
        201,
        'caf\u00e9',
      ]);
    }
  });
});

describe('what was created', () => {
  it('is at the address that Location names', async () => {
    const stream = `/v1/live_streams/${world.streamId}`;
    const made: readonly (readonly [string, unknown])[] = [
      ['/v1/tenants', { name: 'located' }],
      ['/v1/api_keys', { tenant_id: world.tenantId, name: 'located' }],
      ['/v1/live_streams', { tenant_id: world.tenantId, name: 'located' }],
      [`${stream}/stream_keys`, {}],
      [`${stream}/stream_keys/${world.streamKeyId}/rotate`, { grace_seconds: 60 }],
      [`${stream}/playback_ids`, undefined],
      ['/v1/rooms', { tenant_id: world.tenantId, name: 'located' }],
    ];
    for (const [address, body] of made) {
      const answer = await gateway.call('POST', address, { body });
      const location = answer.headers.get('location') ?? 'none';
      expect([address, answer.status]).toEqual([address, 201]);
      expect(await gateway.ok('GET', location), address).toMatchObject({ id: (answer.body as { id: string }).id });
    }
  });

  it('may be for the tenant that names itself, and for no other one', async () => {
    const other = await makeWorld(gateway);
    const create = (tenantId: string): Promise<Answer> =>
      gateway.call('POST', '/v1/live_streams', { key: world.apiKey, body: { tenant_id: tenantId, name: 'mine' } });
    expect((await create(world.tenantId)).status).toBe(201);
    expect((await create(other.tenantId)).status).toBe(400);
  });
});

describe('the log', () => {
  it('has a line for each write, with who and what, and no secret', async () => {
    const before = lines.length;
    const made = await gateway.call('POST', `/v1/live_streams/${world.streamId}/stream_keys`, {
      key: world.apiKey,
      body: {},
    });
    await gateway.call('DELETE', '/v1/tenants/ten_x', { key: 'mr_sk_wrong' });
    await gateway.call('GET', '/v1/live_streams', { key: world.apiKey });
    const { id, key } = made.body as { id: string; key: string };
    const added = await until('two lines', () => {
      const writes = lines.slice(before).filter((line) => line.includes('REST write'));
      return writes.length >= 2 && writes;
    });
    expect(added.map((line) => JSON.parse(line) as object)).toMatchObject([
      {
        method: 'POST',
        route: '/v1/live_streams/:live_stream_id/stream_keys',
        status: 201,
        caller: 'tenant',
        tenant_id: world.tenantId,
        api_key_id: world.apiKeyId,
        live_stream_id: world.streamId,
        address: '127.0.0.1',
        created: `/v1/live_streams/${world.streamId}/stream_keys/${id}`,
        request_id: made.headers.get('x-request-id'),
      },
      { method: 'DELETE', status: 401, caller: 'unknown' },
    ]);
    expect(lines.join('')).not.toContain(key);
    expect(lines.join('')).not.toContain(world.apiKey);
  });
});
