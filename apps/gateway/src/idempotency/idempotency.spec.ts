// POST requests that are repeated.
import type { OpenAPIObject } from '@nestjs/swagger';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeWorld, until } from '../testing/tenant-world.ts';
import type { World } from '../testing/tenant-world.ts';
import { TestGateway } from '../testing/test-gateway.ts';
import type { Answer } from '../testing/test-gateway.ts';
import { TestPostgres } from '../testing/test-postgres.ts';
import { Purges } from '../database/purges.ts';

let postgres: TestPostgres;
let gateways: TestGateway[];
let database: pg.Client;
let world: World;

beforeAll(async () => {
  postgres = await TestPostgres.create();
  database = new pg.Client({ connectionString: postgres.url() });
  const env = {
    MILLRACE_KEY_PEPPER: 'pepper of this test, long enough',
    MILLRACE_MAX_IDEMPOTENCY_KEYS_PER_TENANT: '60',
  };
  const start = () => TestGateway.start({ databaseUrl: postgres.url(), env });
  gateways = [await start(), await start()];
  await database.connect();
  world = await makeWorld(first());
});
afterAll(async () => {
  await database.end();
  for (const gateway of gateways) await gateway.close();
  await postgres.remove();
});

const first = (): TestGateway => gateways[0]!;
const second = (): TestGateway => gateways[1]!;
const post = (
  path: string,
  idempotencyKey: string,
  body: unknown,
  gateway = first(),
  key = world.apiKey,
): Promise<Answer> => gateway.call('POST', path, { key, body, headers: { 'idempotency-key': idempotencyKey } });
const codeOf = ({ body }: Answer): unknown => (body as { code?: unknown }).code;
const idOf = ({ body }: Answer): string => (body as { id: string }).id;
const keysOf = (): string => `/v1/live_streams/${world.streamId}/stream_keys`;
const streamsNamed = async (name: string): Promise<number> =>
  ((await first().ok('GET', `/v1/live_streams?name=${name}`, { key: world.apiKey }))['data'] as unknown[]).length;

describe('a POST with the key of one before it', () => {
  it('gets the same answer, from any gateway, and makes nothing', async () => {
    const made = await post('/v1/live_streams', 'same', { name: 'same', reconnect_window_seconds: 5 });
    const again = await post('/v1/live_streams', 'same', { reconnect_window_seconds: 5, name: 'same' }, second());
    expect(made.headers.get('idempotent-replayed')).toBeNull();
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect([again.status, again.text]).toEqual([201, made.text]);
    for (const name of ['location', 'etag', 'content-type'])
      expect(again.headers.get(name), name).toBe(made.headers.get(name));
    expect(await streamsNamed('same')).toBe(1);
  });

  it('but another body, or another address, is refused', async () => {
    await post('/v1/live_streams', 'reused', { name: 'one' });
    const other = await post('/v1/live_streams', 'reused', { name: 'two' });
    expect([other.status, codeOf(other)]).toEqual([422, 'idempotency_key_reused']);
    await post(keysOf(), 'reused', {});
    const { id } = await first().ok('POST', '/v1/live_streams', { key: world.apiKey, body: { name: 'three' } });
    const elsewhere = await post(`/v1/live_streams/${String(id)}/stream_keys`, 'reused', {});
    expect(codeOf(elsewhere)).toBe('idempotency_key_reused');
  });

  it('of another tenant, or of the operator, is another request', async () => {
    const other = await makeWorld(first());
    const answers = [
      await post('/v1/rooms', 'shared', { name: 'room' }),
      await post('/v1/rooms', 'shared', { name: 'room' }, first(), other.apiKey),
      await post('/v1/rooms', 'shared', { name: 'room', tenant_id: world.tenantId }, first(), first().operatorKey),
    ];
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201]);
    expect(new Set(answers.map(idOf)).size).toBe(3);
  });

  it('that was refused may be corrected', async () => {
    expect((await post('/v1/rooms', 'corrected', { name: '' })).status).toBe(400);
    expect((await post('/v1/rooms', 'corrected', { name: 'good' })).status).toBe(201);
  });

  it('makes one object of fifty at the same time', async () => {
    const at = (i: number) => post('/v1/live_streams', 'fifty', { name: 'fifty' }, gateways[i % 2]);
    const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => at(i)));
    const made = answers.filter(({ status }) => status === 201);
    expect(made.length).toBeGreaterThan(0);
    expect(new Set(made.map(idOf)).size).toBe(1);
    expect(made.filter(({ headers }) => headers.get('idempotent-replayed') === null)).toHaveLength(1);
    for (const answer of answers.filter(({ status }) => status !== 201)) {
      expect([answer.status, codeOf(answer)]).toEqual([409, 'idempotency_in_progress']);
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    }
    expect(await streamsNamed('fifty')).toBe(1);
  });

  it.each(['', 'with space', 'é', 'x'.repeat(256)])('must be visible ASCII: %j', async (key) => {
    const header = Buffer.from(key).toString('latin1');
    const answer = await post('/v1/rooms', header, { name: 'room' });
    expect(answer.status).toBe(400);
  });
});

it('every POST that says so in the document takes one, and no other', async () => {
  const document = (await first().ok('GET', '/openapi.json')) as unknown as OpenAPIObject;
  let count = 0;
  for (const [path, { post: operation }] of Object.entries(document.paths)) {
    if (operation === undefined) continue;
    count++;
    const isSaid = (operation.parameters ?? []).some((each) => 'name' in each && each.name === 'Idempotency-Key');
    const isPublic = operation.security?.length === 0;
    const address = path.replaceAll(/\{\w+\}/g, 'x');
    const answer = await post(address, 'with space', {}, first(), isPublic ? '' : first().operatorKey);
    expect([path, answer.text.includes('"pointer":"Idempotency-Key"')]).toEqual([path, isSaid]);
  }
  expect(count).toBeGreaterThan(30);
});

describe('an answer with a secret', () => {
  it('is repeated for ten minutes, sealed at rest, and then no more', async () => {
    const made = await post(keysOf(), 'secret', { name: 'key' });
    const { key, id } = made.body as { key: string; id: string };
    expect((await post(keysOf(), 'secret', { name: 'key' })).text).toBe(made.text);
    const { rows } = await database.query<{ text: string }>(
      `SELECT sealed::text || route AS text FROM idempotency_keys`,
    );
    expect(rows.length).toBeGreaterThan(0);
    expect(JSON.stringify(rows)).not.toContain(Buffer.from(key).toString('hex'));
    await database.query(`UPDATE idempotency_keys SET created_at = now() - interval '11 minutes' WHERE key = 'secret'`);
    const late = await post(keysOf(), 'secret', { name: 'key' });
    expect([late.status, codeOf(late)]).toEqual([410, 'idempotency_answer_gone']);
    expect(late.headers.get('location')).toBe(`${keysOf()}/${id}`);
    expect(late.text).not.toContain(key);
    await first().app.get(Purges, { strict: false }).run('old idempotency keys', Date.now());
    const left = await database.query(`SELECT 1 FROM idempotency_keys WHERE key = 'secret' AND sealed IS NULL`);
    expect(left.rowCount).toBe(1);
  });
});

describe('a gateway that dies', () => {
  const stuck = (committed: boolean, key: string) =>
    database.query(
      `UPDATE idempotency_keys SET status = NULL, sealed = NULL, committed = $1, lease_until = now() - interval '1 second'
       WHERE key = $2`,
      [committed, key],
    );

  it('before its change leaves nothing that blocks: the repetition is carried out', async () => {
    await post('/v1/rooms', 'died-before', { name: 'room' });
    await stuck(false, 'died-before');
    expect((await post('/v1/rooms', 'died-before', { name: 'room' }, second())).status).toBe(201);
  });

  it('after its change does not let it be made twice', async () => {
    await post('/v1/live_streams', 'died-after', { name: 'died-after' });
    await stuck(true, 'died-after');
    const again = await post('/v1/live_streams', 'died-after', { name: 'died-after' }, second());
    expect([again.status, codeOf(again)]).toEqual([410, 'idempotency_answer_gone']);
    expect(await streamsNamed('died-after')).toBe(1);
  });

  it('or was only slow cannot commit once another one has begun', async () => {
    const holder = new pg.Client({ connectionString: postgres.url() });
    await holder.connect();
    await holder.query('BEGIN');
    await holder.query('SELECT 1 FROM tenants WHERE id = $1 FOR UPDATE', [world.tenantId]);
    const slow = post('/v1/rooms', 'slow', { name: 'slow' });
    await until('it waits for the row', async () => {
      const { rowCount } = await database.query(`SELECT 1 FROM idempotency_keys WHERE key = 'slow'`);
      return rowCount === 1;
    });
    await database.query(`UPDATE idempotency_keys SET attempt = 'another' WHERE key = 'slow'`);
    await holder.query('COMMIT');
    await holder.end();
    expect(codeOf(await slow)).toBe('idempotency_in_progress');
    const rooms = await first().ok('GET', '/v1/rooms?limit=100', { key: world.apiKey });
    expect((rooms['data'] as { name: string }[]).filter(({ name }) => name === 'slow')).toEqual([]);
  });
});

describe('keys', () => {
  it('are forgotten after a day', async () => {
    const body = { name: 'old' };
    await post('/v1/rooms', 'old', body);
    await database.query(`UPDATE idempotency_keys SET created_at = now() - interval '25 hours' WHERE key = 'old'`);
    expect((await post('/v1/rooms', 'old', { name: 'new' })).status).toBe(201);
    await database.query(`UPDATE idempotency_keys SET created_at = now() - interval '25 hours'`);
    await first().app.get(Purges, { strict: false }).run('old idempotency keys', Date.now());
    expect((await database.query('SELECT 1 FROM idempotency_keys')).rowCount).toBe(0);
  });

  it('of a tenant are so many at most', async () => {
    const other = await makeWorld(first());
    const make = (i: number) => post(`/v1/rooms/x${i}/end`, `k${i}`, {}, first(), other.apiKey);
    await make(0);
    await database.query(
      `INSERT INTO idempotency_keys (owner, route, key, request_hash, attempt, lease_until, created_at)
       SELECT $1, 'r', n::text, '', '', now(), now() FROM generate_series(1, 60) AS n`,
      [other.tenantId],
    );
    const refused = await post('/v1/rooms', 'k', { name: 'x' }, second(), other.apiKey);
    expect([refused.status, codeOf(refused)]).toEqual([409, 'quota_exceeded']);
    const without = await second().call('POST', '/v1/rooms', { key: other.apiKey, body: { name: 'x' } });
    expect(without.status).toBe(201);
  });
});
