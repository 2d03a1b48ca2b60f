import { newSecretKey } from '@millrace/domain';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { makeWorld, until } from '../testing/tenant-world.ts';
import { TestGateway } from '../testing/test-gateway.ts';
import { TestPostgres } from '../testing/test-postgres.ts';

let postgres: TestPostgres;
let gateway: TestGateway;

beforeAll(async () => {
  postgres = await TestPostgres.create();
});
afterEach(() => gateway.close());
afterAll(() => postgres.remove());

const start = async (env: Record<string, string>): Promise<void> => {
  gateway = await TestGateway.start({ databaseUrl: postgres.url(), env });
};
const list = (key: string, address: string) =>
  gateway.call('GET', '/v1/live_streams', { key, headers: { 'x-forwarded-for': address } });
const times = <T>(count: number, make: () => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, make));

describe('REST requests', () => {
  it('say what is left, of the address and of the key', async () => {
    await start({
      MILLRACE_API_BURST_PER_ADDRESS: '40',
      MILLRACE_API_REQUESTS_PER_SECOND_PER_ADDRESS: '4',
      MILLRACE_API_BURST_PER_KEY: '2000',
      MILLRACE_API_READ_BURST_PER_TENANT: '4000',
    });
    const { headers } = await list(gateway.operatorKey, '192.0.2.1');
    expect(headers.get('ratelimit-policy')).toBe('"address";q=40;w=10, "key";q=2000;w=20, "read";q=4000;w=20');
    expect(headers.get('ratelimit')).toBe('"address";r=39;t=0, "key";r=1999;t=0, "read";r=3999;t=0');
    const old = ['limit', 'remaining', 'reset'].map((name) => headers.get(`x-ratelimit-${name}`));
    expect(old).toEqual(['4000', '3999', '0']);
  });

  it('of one address are limited, and those of others are served beside them', async () => {
    await start({ MILLRACE_API_BURST_PER_ADDRESS: '20', MILLRACE_API_REQUESTS_PER_SECOND_PER_ADDRESS: '1' });
    const attack = await times(100, () => list('', '192.0.2.1'));
    expect(attack.filter(({ status }) => status === 401).length).toBeLessThan(30);
    const refused = attack.find(({ status }) => status === 429);
    expect(refused?.body).toMatchObject({ code: 'too_many_requests', status: 429 });
    expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect(refused?.headers.get('ratelimit')).toContain('"address";r=0');
    expect((await list(gateway.operatorKey, '192.0.2.2')).status).toBe(200);
  });

  it('of one key are limited, from wherever they come, and those of others are served beside them', async () => {
    await start({ MILLRACE_API_BURST_PER_KEY: '20', MILLRACE_API_REQUESTS_PER_SECOND_PER_KEY: '1' });
    const [attacker, good] = [await makeWorld(gateway), await makeWorld(gateway)];
    let n = 0;
    const attack = await times(100, () => list(attacker.apiKey, `192.0.2.${n++}`));
    expect(attack.filter(({ status }) => status === 429).length).toBeGreaterThan(60);
    expect((await list(good.apiKey, '192.0.2.1')).status).toBe(200);
  });

  it.each([
    ['read', 'READ', (key: string, id: string) => gateway.call('GET', `/v1/live_streams/${id}`, { key })],
    [
      'write',
      'WRITE',
      (key: string, id: string) => gateway.call('PATCH', `/v1/live_streams/${id}`, { key, body: { name: 'x' } }),
    ],
  ] as const)(
    'of one tenant that %s are limited over all its keys; those of the other class are not',
    async (name, word, ask) => {
      await start({
        [`MILLRACE_API_${word}_BURST_PER_TENANT`]: '20',
        [`MILLRACE_API_${word}S_PER_SECOND_PER_TENANT`]: '1',
      });
      const [attacker, good] = [await makeWorld(gateway), await makeWorld(gateway)];
      const body = { tenant_id: attacker.tenantId, name: 'second' };
      const second = String((await gateway.ok('POST', '/v1/api_keys', { body }))['key']);
      let n = 0;
      const attack = await times(60, () => ask(n++ % 2 === 0 ? attacker.apiKey : second, attacker.streamId));
      const refused = attack.filter(({ status }) => status === 429);
      expect(refused.length).toBeGreaterThan(30);
      expect(refused[0]?.headers.get('ratelimit')).toContain(`"${name}";r=0`);
      const detail = expect.stringContaining(`1 per second (api_${name}s_per_second)`) as string;
      expect(refused[0]?.body).toMatchObject({ detail });
      expect(Number(refused[0]?.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
      expect((await ask(good.apiKey, good.streamId)).status).toBe(200);
      const other =
        name === 'read'
          ? await gateway.call('PATCH', `/v1/live_streams/${attacker.streamId}`, { key: attacker.apiKey, body: {} })
          : await gateway.call('GET', '/v1/live_streams', { key: attacker.apiKey });
      expect(other.status).toBe(200);
    },
  );

  it('of one key wait for each other, and those of others do not', async () => {
    await start({ MILLRACE_API_REQUESTS_AT_ONCE_PER_KEY: '2', MILLRACE_DATABASE_QUERY_TIMEOUT_MS: '30000' });
    const [attacker, good] = [await makeWorld(gateway), await makeWorld(gateway)];
    const holder = new pg.Client({ connectionString: postgres.url() });
    await holder.connect();
    await holder.query('BEGIN');
    await holder.query('SELECT 1 FROM live_streams WHERE id = $1 FOR UPDATE', [attacker.streamId]);
    const change = () =>
      gateway.call('PATCH', `/v1/live_streams/${attacker.streamId}`, { key: attacker.apiKey, body: { name: 'x' } });
    let answered = 0;
    const attack = times(30, async () => {
      const { status } = await change();
      answered++;
      return status;
    });
    for (let i = 0; i < 5; i++) expect((await list(good.apiKey, '192.0.2.1')).status).toBe(200);
    expect(answered).toBe(0);
    await holder.query('COMMIT');
    await holder.end();
    expect(new Set(await attack)).toEqual(new Set([200]));
  });
});

it('a tenant that has used up its rate is refused before PostgreSQL is asked about its key', async () => {
  await start({ MILLRACE_API_READS_PER_SECOND_PER_TENANT: '1', MILLRACE_API_READ_BURST_PER_TENANT: '5' });
  const { apiKey } = await makeWorld(gateway);
  await times(10, () => list(apiKey, '192.0.2.1'));
  const holder = new pg.Client({ connectionString: postgres.url() });
  await holder.connect();
  await holder.query('BEGIN');
  await holder.query('LOCK TABLE api_keys IN ACCESS EXCLUSIVE MODE');
  let refused = 0;
  const asked = times(30, async () => {
    if ((await list(apiKey, '192.0.2.1')).status === 429) refused++;
  });
  await until('most are refused', () => refused > 15);
  await holder.query('COMMIT');
  await holder.end();
  await asked;
});

describe('wrong REST keys', () => {
  it('are slowed by address, and a good key from there passes all the same', async () => {
    await start({ MILLRACE_API_WRONG_KEYS_PER_MINUTE: '10' });
    const { apiKey } = await makeWorld(gateway);
    const tries = await times(300, () => list(newSecretKey('mr_sk'), '192.0.2.1'));
    expect(tries.filter(({ status }) => status === 401).length).toBeLessThanOrEqual(12);
    const refused = tries.find(({ status }) => status === 429);
    expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    // Whatever the text is: mistyped, of another kind, or empty.
    for (const key of ['nonsense', newSecretKey('mr_op'), newSecretKey('mr_st')])
      expect((await list(key, '192.0.2.1')).status).toBe(429);
    expect((await list(apiKey, '192.0.2.1')).status).toBe(200);
    expect((await list(gateway.operatorKey, '192.0.2.1')).status).toBe(200);
    expect((await list(newSecretKey('mr_sk'), '192.0.2.2')).status).toBe(401);
    await until('they are counted', async () =>
      /api_rate_limited_total\{reason="wrong_keys"\} 29\d/.test(await gateway.metrics.text()),
    );
  });
});
