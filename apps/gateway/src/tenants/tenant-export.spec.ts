// What a tenant is given when it asks for all of its data, and what is left of a tenant that was deleted.
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeRoomWorld } from '../testing/room-world.ts';
import { makeUser, TEST_PASSWORD, TestBrowser } from '../testing/test-browser.ts';
import { makeWorld, publish, until } from '../testing/tenant-world.ts';
import type { World } from '../testing/tenant-world.ts';
import { TestGateway } from '../testing/test-gateway.ts';
import type { Answer } from '../testing/test-gateway.ts';
import { TestPostgres } from '../testing/test-postgres.ts';
import { TenantPurge } from './tenant-purge.ts';
import { makeWebhookWorld, WEBHOOKS_ON_LOOPBACK } from '../testing/webhook-world.ts';

interface Line {
  readonly table?: string;
  readonly row?: Record<string, unknown>;
  readonly complete?: boolean;
  readonly rows?: number;
}

const DAY_MS = 24 * 60 * 60_000;
const EXPORTS = { MILLRACE_MAX_EXPORTS_PER_TENANT: '1', MILLRACE_EXPORT_CHECK_MS: '1000' };

let postgres: TestPostgres;
let gateway: TestGateway;
let world: World;
let other: World;
let owner: TestBrowser;
const secrets: string[] = [];

beforeAll(async () => {
  postgres = await TestPostgres.create();
  gateway = await TestGateway.start({ databaseUrl: postgres.url(), env: { ...WEBHOOKS_ON_LOOPBACK, ...EXPORTS } });
  [world, other] = [await makeAll('mine'), await makeAll('other')];
  owner = new TestBrowser(gateway);
  await owner.logIn({ email: 'mine@mill.example', password: TEST_PASSWORD });
});
afterAll(async () => {
  await gateway.close();
  await postgres.remove();
});

async function makeAll(name: string): Promise<World> {
  const made = await makeWorld(gateway, { name });
  await makeRoomWorld(gateway, made);
  await makeWebhookWorld(gateway, made);
  await publish(gateway, made.streamKey);
  await makeUser(gateway, { email: `${name}@mill.example`, role: 'owner', tenant_id: made.tenantId });
  const email = `invited-${name}@mill.example`;
  const { link } = await gateway.ok('POST', '/v1/users', { body: { email, role: 'viewer', tenant_id: made.tenantId } });
  secrets.push(made.apiKey, made.streamKey, (link as { token: string }).token);
  return made;
}

const exportOf = (tenantId: string, key?: string): Promise<Answer> =>
  gateway.call('GET', `/v1/tenants/${tenantId}/export`, { ...(key !== undefined && { key }) });
const linesOf = ({ text }: Answer): Line[] =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);

describe('the export of a tenant', () => {
  it('has a line for each row of every table that belongs to the tenant, and none of another tenant', async () => {
    const answer = await exportOf(world.tenantId, world.apiKey);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/x-ndjson']);
    expect(answer.headers.get('content-disposition')).toBe(`attachment; filename="${world.tenantId}.ndjson"`);
    const lines = linesOf(answer);
    expect(lines.at(-1)).toEqual({ complete: true, rows: lines.length - 1 });
    const tables = new Set(lines.flatMap(({ table }) => table ?? []));
    for (const table of [
      'tenants',
      'api_keys',
      'live_streams',
      'stream_keys',
      'playback_ids',
      'sessions',
      'session_connections',
      'rooms',
      'signing_keys',
      'events',
      'webhook_endpoints',
      'webhook_deliveries',
      'publish_authorizers',
      'users',
    ])
      expect(tables, table).toContain(table);
    expect(lines.find(({ table }) => table === 'tenants')?.row).toMatchObject({ id: world.tenantId, name: 'mine' });
    expect(answer.text).not.toContain(other.tenantId);
    expect(answer.text).not.toContain(other.streamId);
    expect(answer.text).not.toContain('other@mill.example');
  });

  it('has no secret, no hash, and nothing sealed', async () => {
    const { text } = await exportOf(world.tenantId);
    expect(text).not.toMatch(/argon2|mr_(sk|st|sg|ul|lc|cs)_|whsec_|"type":"Buffer"|hash|sealed|password/);
    for (const secret of secrets) expect(text).not.toContain(secret);
  });

  it('comes whole when a table has more rows than are read at once', async () => {
    await postgres.query(
      `INSERT INTO playback_ids (id, tenant_id, live_stream_id, created_at)
       SELECT 'pbk_' || lpad(n::text, 26, '0'), '${other.tenantId}', '${other.streamId}', now() FROM generate_series(1, 1000) n`,
    );
    const lines = linesOf(await exportOf(other.tenantId));
    const ids = lines.filter(({ table }) => table === 'playback_ids').map(({ row }) => row?.['id']);
    expect(ids).toHaveLength(1_001);
    expect(new Set(ids).size).toBe(1_001);
  });

  it('is for the operator, and for those who may do everything in the tenant', async () => {
    const path = `/v1/tenants/${world.tenantId}/export`;
    expect((await owner.call('GET', path)).status).toBe(200);
    expect((await gateway.call('GET', path, { key: other.apiKey })).status).toBe(404);
    const body = { tenant_id: world.tenantId, name: 'reader', scopes: ['tenant:read', 'events:read'] };
    const { key } = await gateway.ok('POST', '/v1/api_keys', { body });
    expect(await exportOf(world.tenantId, String(key))).toMatchObject({
      status: 403,
      body: { code: 'insufficient_scope' },
    });
  });
});

describe('a client that does not read its export', () => {
  /** Asks for an export and reads nothing of it, until it is let go. */
  async function openUnread(from: TestGateway, key: string): Promise<{ readAll: () => Promise<string> }> {
    const { hostname, port } = new URL(from.url);
    const socket = connect(Number(port), hostname);
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    socket.write(
      `GET /v1/tenants/${other.tenantId}/export HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${key}\r\n\r\n`,
    );
    await once(socket, 'readable');
    return {
      readAll: async () => {
        const parts: Buffer[] = [];
        socket.on('data', (part: Buffer) => parts.push(part));
        await once(socket, 'close');
        return Buffer.concat(parts).toString();
      },
    };
  }

  /** Asks for a small one. */
  const hasPlace = async (from: TestGateway, key: string): Promise<boolean> =>
    (await from.call('GET', '/v1/usage/export', { key })).status === 200;

  beforeAll(async () => {
    // More than the buffers of two sockets hold.
    await postgres.query(
      `INSERT INTO live_streams SELECT 'str_' || lpad(n::text, 26, '0') AS id, s.tenant_id, s.name, s.enabled, s.segment_target_ms, s.window_ms,
         s.reconnect_window_ms, s.second_publisher, s.created_at, s.updated_at,
         jsonb_build_object('filler', repeat('x', 100000)) AS metadata, s.max_duration_ms
       FROM live_streams s, generate_series(1, 200) AS n WHERE s.id = '${other.streamId}'`,
    );
  });

  afterAll(async () => {
    await postgres.query(
      `DELETE FROM live_streams WHERE tenant_id = '${other.tenantId}' AND id <> '${other.streamId}'`,
    );
  });

  it('holds a place of its tenant and no other, and is disconnected', async () => {
    const unread = await openUnread(gateway, other.apiKey);
    const second = await exportOf(other.tenantId, other.apiKey);
    expect(second).toMatchObject({ status: 429, body: { code: 'too_many_requests' } });
    expect(second.headers.get('retry-after')).toBe('10');
    expect((await exportOf(world.tenantId, world.apiKey)).status).toBe(200);
    await until('its place is free again', () => hasPlace(gateway, other.apiKey));
    expect(await unread.readAll()).not.toContain('"complete":true');
  });

  it('is disconnected when the time of an export is over, however fast it reads', async () => {
    const env = { ...EXPORTS, MILLRACE_EXPORT_CHECK_MS: '60000', MILLRACE_EXPORT_MAX_MS: '1500' };
    const impatient = await TestGateway.start({ databaseUrl: postgres.url(), env });
    const unread = await openUnread(impatient, impatient.operatorKey);
    expect(await hasPlace(impatient, impatient.operatorKey)).toBe(false);
    await until('its place is free again', () => hasPlace(impatient, impatient.operatorKey));
    expect(await unread.readAll()).not.toContain('"complete":true');
    await impatient.close();
  });
});

it('a deleted tenant can be exported until its time is over, and then leaves no row behind but its audit events', async () => {
  await gateway.ok('DELETE', `/v1/tenants/${other.tenantId}`);
  const purge = gateway.app.get(TenantPurge, { strict: false });
  await purge.purge(Date.now() + DAY_MS);
  expect((await exportOf(other.tenantId)).text).toContain('"complete":true');
  await purge.purge(Date.now() + 8 * DAY_MS);
  const tables = await postgres.query(
    `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`,
  );
  const left: string[] = [];
  for (const { name } of tables as { name: string }[]) {
    const [found] = (await postgres.query(
      `SELECT count(*)::int AS count FROM "${name}" AS each WHERE to_jsonb(each)::text LIKE '%${other.tenantId}%'`,
    )) as { count: number }[];
    if ((found?.count ?? 0) > 0) left.push(name);
  }
  expect(left).toEqual(['audit_events']);
  expect((await owner.call('GET', '/v1/console_sessions/current')).status).toBe(200);
});
