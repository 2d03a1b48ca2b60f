// Who changed what: every route that changes something, in the transaction of the change, without secrets.
import { newId } from '@millrace/domain';
import type { OpenAPIObject } from '@nestjs/swagger';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Purges } from '../database/purges.ts';
import { ADDRESS_COLUMNS, AddressRetention } from '../retention/address-retention.ts';
import { addressOf, bodyOf, makeFullWorld, writesOf } from '../testing/route-walk.ts';
import type { FullWorld, Write } from '../testing/route-walk.ts';
import { askToPublish, makeWorld } from '../testing/tenant-world.ts';
import { TestGateway } from '../testing/test-gateway.ts';
import type { Answer } from '../testing/test-gateway.ts';
import { TestPostgres } from '../testing/test-postgres.ts';
import { WEBHOOKS_ON_LOOPBACK } from '../testing/webhook-world.ts';
import type { AuditEventAnswer } from './audit-events.dto.ts';

let postgres: TestPostgres;
let gateway: TestGateway;
let database: pg.Client;
let world: FullWorld;
let writes: Write[];

beforeAll(async () => {
  postgres = await TestPostgres.create();
  gateway = await TestGateway.start({ databaseUrl: postgres.url(), env: WEBHOOKS_ON_LOOPBACK });
  database = new pg.Client({ connectionString: postgres.url() });
  await database.connect();
  writes = writesOf((await gateway.ok('GET', '/openapi.json')) as unknown as OpenAPIObject);
  world = await makeFullWorld(gateway);
});
afterAll(async () => {
  await database.end();
  await gateway.close();
  await postgres.remove();
});

const send = (write: Write, requestId: string): Promise<Answer> => {
  const body = bodyOf(write, world);
  const headers = { 'x-request-id': requestId };
  return gateway.call(write.method, addressOf(write.path, world), { headers, ...(body !== undefined && { body }) });
};

/** Tables that change by requests alone. */
const TABLES = [
  'tenants',
  'api_keys',
  'live_streams',
  'stream_keys',
  'playback_ids',
  'rooms',
  'room_bans',
  'signing_keys',
  'relay_credentials',
  'webhook_endpoints',
  'publish_authorizers',
];

/** What is in them but for the notes of who was last seen, as one number for each table. */
async function contents(): Promise<Record<string, string>> {
  const sums: Record<string, string> = {};
  for (const name of TABLES) {
    const { rows } = await database.query<{ sum: string }>(
      `SELECT coalesce(md5(string_agg(line, '' ORDER BY line)), '') AS sum
       FROM (SELECT ((to_jsonb(t) - 'last_used_at') - 'last_used_address')::text AS line FROM ${name} AS t) AS lines`,
    );
    sums[name] = rows[0]?.sum ?? '';
  }
  return sums;
}

const list = async (query: string, key = gateway.operatorKey): Promise<AuditEventAnswer[]> =>
  (await gateway.ok('GET', `/v1/audit_events?limit=100&${query}`, { key }))['data'] as AuditEventAnswer[];

describe('every route that changes something', () => {
  it('changes nothing when it cannot be recorded', async () => {
    await database.query('ALTER TABLE audit_events RENAME TO lost_audit_events');
    try {
      const before = await contents();
      for (const write of writes) {
        const answer = await send(write, 'unrecorded');
        expect([write, answer.status]).toEqual([write, 500]);
        expect(await contents(), `${write.method} ${write.path}`).toEqual(before);
      }
    } finally {
      await database.query('ALTER TABLE lost_audit_events RENAME TO audit_events');
    }
  });

  it('leaves an audit event, with who, from where, what, and no secret', async () => {
    expect(writes.length).toBeGreaterThan(35);
    for (const [i, write] of writes.entries()) {
      const name = `${write.method} ${write.path}`;
      const answer = await send(write, `walk-${i}`);
      expect(answer.status, `${name}: ${answer.text}`).toBeLessThan(300);
      const { rows } = await database.query<Record<string, unknown>>(
        'SELECT * FROM audit_events WHERE request_id = $1',
        [`walk-${i}`],
      );
      expect(rows.length, name).toBeGreaterThan(0);
      const made = write.path === '/v1/tenants' ? (answer.body as { id: string }).id : world.tenantId;
      expect(rows[0], name).toMatchObject({ tenant_id: made, actor_type: 'operator_key', address: '127.0.0.1' });
      expect(rows[0]?.['object_id'], name).toMatch(/^[a-z]+_[0-9a-z]{26}$/);
      expect(JSON.stringify(rows[0]), name).not.toMatch(/mr_[a-z]+_|whsec_|secret=x|eyJ/);
    }
  });

  it('and one that is refused leaves none', async () => {
    const other = await makeWorld(gateway);
    for (const [path, body] of [
      [`/v1/live_streams/${other.streamId}`, { name: '' }],
      [`/v1/live_streams/${newId('str')}`, { name: 'x' }],
      [`/v1/tenants/${other.tenantId}`, { name: 'x' }],
    ] as const)
      await gateway.call('PATCH', path, { key: other.apiKey, body, headers: { 'x-request-id': 'refused' } });
    const { rows } = await database.query('SELECT * FROM audit_events WHERE request_id = $1', ['refused']);
    expect(rows).toEqual([]);
  });
});

describe('GET /v1/audit_events', () => {
  let own: Awaited<ReturnType<typeof makeWorld>>;

  beforeAll(async () => {
    own = await makeWorld(gateway);
  });

  it('says of an update what has changed, and who changed it', async () => {
    const path = `/v1/live_streams/${own.streamId}`;
    const { headers } = await gateway.call('PATCH', path, { key: own.apiKey, body: { name: 'renamed' } });
    const [event] = await list(`object_id=${own.streamId}&action=live_stream.update`, own.apiKey);
    expect(event).toMatchObject({
      tenant_id: own.tenantId,
      actor: { type: 'api_key', id: own.apiKeyId, name: 'test' },
      address: '127.0.0.1',
      request_id: headers.get('x-request-id'),
      before: { name: 'a stream' },
      after: { name: 'renamed' },
    });
    expect(Object.keys(event?.before ?? {}).sort()).toEqual(['name', 'updated_at']);
    expect(await gateway.ok('GET', `/v1/audit_events/${event?.id ?? ''}`, { key: own.apiKey })).toEqual(event);
  });

  it('shows a tenant what is its own, also what the operator did to it', async () => {
    const events = await list('', own.apiKey);
    expect(new Set(events.map((event) => event.tenant_id))).toEqual(new Set([own.tenantId]));
    expect(
      events
        .map(({ action }) => action)
        .reverse()
        .slice(0, 4),
    ).toEqual(['tenant.create', 'api_key.create', 'live_stream.create', 'stream_key.create']);
    const foreign = await list(`tenant_id=${world.tenantId}`);
    const path = `/v1/audit_events/${foreign[0]?.id ?? ''}`;
    expect((await gateway.call('GET', path, { key: own.apiKey })).status).toBe(404);
  });

  it('filters by object, actor, action and time, and comes in pages', async () => {
    const byKey = await list(`actor_id=${own.apiKeyId}`);
    expect(new Set(byKey.map(({ actor }) => actor.id))).toEqual(new Set([own.apiKeyId]));
    expect(await list(`tenant_id=${own.tenantId}&created_before=2020-01-01T00:00:00Z`)).toEqual([]);
    expect((await list(`tenant_id=${own.tenantId}&created_after=2020-01-01T00:00:00Z`)).length).toBeGreaterThan(3);
    const first = await gateway.ok('GET', '/v1/audit_events?limit=2', { key: own.apiKey });
    const second = await gateway.ok('GET', `/v1/audit_events?limit=2&cursor=${String(first['next_cursor'])}`, {
      key: own.apiKey,
    });
    const all = await list('', own.apiKey);
    expect([...(first['data'] as []), ...(second['data'] as [])]).toEqual(all.slice(0, 4));
  });

  it('is exported as lines of JSON and as CSV, whole', async () => {
    const all = await list('', own.apiKey);
    const lines = await gateway.call('GET', '/v1/audit_events/export', { key: own.apiKey });
    expect(lines.headers.get('content-type')).toBe('application/x-ndjson; charset=utf-8');
    expect(
      lines.text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual(all);
    await gateway.ok('PATCH', `/v1/live_streams/${own.streamId}`, { key: own.apiKey, body: { name: '=1+"1"' } });
    const csv = await gateway.call('GET', `/v1/audit_events/export?format=csv&object_id=${own.streamId}`, {
      key: own.apiKey,
    });
    const [header, newest] = csv.text.split('\r\n');
    expect(header).toBe(
      'id,created_at,tenant_id,action,object_id,actor_type,actor_id,actor_name,address,request_id,before,after',
    );
    expect(newest).toContain(`,live_stream.update,${own.streamId},api_key,${own.apiKeyId},test,127.0.0.1,`);
    expect(newest).toContain(String.raw`""name"":""=1+\""1\""""`);
  });

  it('keeps whole addresses for their time, then the network alone', async () => {
    const retention = gateway.app.get(AddressRetention, { strict: false });
    const days = 24 * 60 * 60_000;
    const { client_addresses_seconds: seconds } = await gateway.ok('GET', '/v1/retention');
    expect(seconds).toBe((30 * days) / 1_000);
    const from = '2001:db8:5:6:7::9';
    await database.query(`UPDATE audit_events SET address = '${from}' WHERE action = 'room.create'`);
    expect(await askToPublish(gateway, own.streamKey)).toMatchObject({ granted: true });
    const endConnections = `UPDATE session_connections SET client_address = '198.51.100.9', ended_at = now()`;
    await expect.poll(async () => (await database.query(endConnections)).rowCount).toBeGreaterThan(0);
    // More rows than one step takes.
    await database.query(
      `INSERT INTO audit_events (id, action, actor_type, address, request_id, created_at)
       SELECT 'aud_' || n, 'test.many', 'operator_key', '192.0.2.' || n % 250, 'many', now() FROM generate_series(1, 450) AS n`,
    );
    const addresses = async (): Promise<ReadonlySet<string>> => {
      const each = ADDRESS_COLUMNS.map(
        ({ table, column }) => `SELECT ${column} AS address FROM ${table} WHERE ${column} IS NOT NULL`,
      );
      const { rows } = await database.query<{ address: string }>(each.join(' UNION '));
      return new Set(rows.map(({ address }) => address));
    };
    await retention.shorten(Date.now() + 29 * days);
    expect(await addresses()).toContain(from);
    await retention.shorten(Date.now() + 31 * days);
    const networks = ['127.0.0.0/24', '192.0.2.0/24', '198.51.100.0/24', '2001:db8:5::/48'];
    expect([...(await addresses())].sort()).toEqual(networks);
    await database.query(`DELETE FROM audit_events WHERE action = 'test.many'`);
  });

  it('knows every column with an address', async () => {
    const { rows } = await database.query<{ name: string }>(
      `SELECT table_name || '.' || column_name AS name FROM information_schema.columns
       WHERE table_schema = 'public' AND column_name ~ 'address|peer|(^|_)ip($|_)' AND column_name !~ 'allowed'`,
    );
    const known = ADDRESS_COLUMNS.map(({ table, column }) => `${table}.${column}`);
    // Where a webhook was delivered to: the address of a tenant's server.
    expect(rows.map(({ name }) => name).sort()).toEqual([...known, 'webhook_attempts.address'].sort());
  });

  it('is deleted after the retention time', async () => {
    const purges = gateway.app.get(Purges, { strict: false });
    await purges.run('old audit events', Date.now() + 364 * 24 * 60 * 60_000);
    expect((await list('', own.apiKey)).length).toBeGreaterThan(3);
    await purges.run('old audit events', Date.now() + 366 * 24 * 60 * 60_000);
    expect(await list('')).toEqual([]);
  });
});
