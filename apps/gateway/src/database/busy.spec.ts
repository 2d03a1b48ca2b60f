// More is asked of PostgreSQL than there are connections for: that is no outage, and it costs its sender alone.
import { newSecretKey } from '@millrace/domain';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askToPublish, makeWorld } from '../testing/tenant-world.ts';
import type { World } from '../testing/tenant-world.ts';
import { TestGateway } from '../testing/test-gateway.ts';
import { TestPostgres } from '../testing/test-postgres.ts';

let postgres: TestPostgres;
let gateway: TestGateway;
let attacker: World;
let good: World;

beforeAll(async () => {
  postgres = await TestPostgres.create();
  gateway = await TestGateway.start({
    databaseUrl: postgres.url(),
    // Waits for a connection are short, as in production; a query under a lock may take as long as the lock is held here.
    env: {
      MILLRACE_DATABASE_CONNECT_TIMEOUT_MS: '1000',
      MILLRACE_DATABASE_QUERY_TIMEOUT_MS: '30000',
      MILLRACE_API_WRONG_KEYS_PER_MINUTE: '1000',
    },
  });
  attacker = await makeWorld(gateway);
  good = await makeWorld(gateway);
});
afterAll(async () => {
  await gateway.close();
  await postgres.remove();
});

const isUp = async (): Promise<boolean> => (await gateway.metrics.text()).includes('millrace_database_up 1\n');

describe('200 requests of one tenant at once, each of which waits for the same row', () => {
  it('leave connections for other tenants, and are all done when the row is free', async () => {
    const holder = new pg.Client({ connectionString: postgres.url() });
    await holder.connect();
    await holder.query('BEGIN');
    await holder.query('SELECT 1 FROM tenants WHERE id = $1 FOR UPDATE', [attacker.tenantId]);
    const posts = Array.from({ length: 200 }, (_, i) =>
      gateway.call('POST', '/v1/live_streams', { key: attacker.apiKey, body: { name: `stream ${i}` } }),
    );
    for (let round = 0; round < 10; round++) {
      const key = good.apiKey;
      const [made, list, publish] = await Promise.all([
        gateway.call('POST', '/v1/live_streams', { key, body: { name: 'good' } }),
        gateway.call('GET', '/v1/live_streams', { key }),
        askToPublish(gateway, good.streamKey),
      ]);
      expect([made.status, list.status]).toEqual([201, 200]);
      expect(publish.granted || publish.refusal).toBe(round === 0 ? true : 'already_publishing');
    }
    expect(await isUp()).toBe(true);
    await holder.query('COMMIT');
    await holder.end();
    expect(new Set((await Promise.all(posts)).map(({ status }) => status))).toEqual(new Set([201]));
  });
});

describe('2,000 publishers with random keys', () => {
  it('are all told that their key is bad; a key made a moment ago publishes beside them', async () => {
    const guesses = Array.from({ length: 2_000 }, () => askToPublish(gateway, newSecretKey('mr_st')));
    const fresh = await makeWorld(gateway);
    expect(await askToPublish(gateway, fresh.streamKey)).toMatchObject({ granted: true });
    const answers = await Promise.all(guesses);
    expect(new Set(answers.map((answer) => (answer.granted ? 'granted' : answer.refusal)))).toEqual(
      new Set(['bad_key']),
    );
    expect(await isUp()).toBe(true);
  });
});

describe('300 requests with random REST keys', () => {
  it('are all answered 401, while a good key is served beside them', async () => {
    const guesses = Array.from({ length: 300 }, () =>
      gateway.call('GET', '/v1/live_streams', { key: newSecretKey('mr_sk') }),
    );
    expect((await gateway.call('GET', '/v1/live_streams', { key: good.apiKey })).status).toBe(200);
    expect(new Set((await Promise.all(guesses)).map(({ status }) => status))).toEqual(new Set([401]));
  });
});
