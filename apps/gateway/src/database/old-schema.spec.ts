// A gateway that does not run migrations itself, before and after they were run.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestGateway } from '../testing/test-gateway.ts';
import { TestPostgres } from '../testing/test-postgres.ts';
import { migrate } from './migrate.ts';

let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await TestPostgres.create();
});
afterAll(() => postgres.remove());

it('is not ready, says why, changes nothing, and goes on by itself once the tables are there', async () => {
  const databaseUrl = await postgres.createDatabase('old_schema');
  const gateway = await TestGateway.start({ databaseUrl, env: { MILLRACE_DATABASE_MIGRATE: 'false' } });
  try {
    const { ready, checks } = gateway.readiness.report();
    expect(ready).toBe(false);
    expect(checks['database_schema']).toMatch(/older than this gateway: run its migration .*CreateTables1795000000000/);
    expect(await postgres.query(`SELECT to_regclass('migrations') AS made`, 'old_schema')).toEqual([{ made: null }]);
    await migrate(databaseUrl, 5_000);
    await expect.poll(() => gateway.readiness.report().checks['database_schema']).toBe('ok');
    expect((await gateway.call('GET', '/v1/tenants', { key: gateway.operatorKey })).status).toBe(200);
  } finally {
    await gateway.close();
  }
});
