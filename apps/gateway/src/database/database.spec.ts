import { createLogger, Metrics } from '@millrace/service-kit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createGatewayMetrics } from '../ports/gateway-metrics.ts';
import { gatewaySettings } from '../settings.ts';
import { TenantEntity } from '../tenants/tenant.entity.ts';
import { TestPostgres } from '../testing/test-postgres.ts';
import { MIGRATIONS } from './data-source.ts';
import { Database } from './database.ts';
import { DatabaseUnavailable } from './database.errors.ts';
import { migrate } from './migrate.ts';

let postgres: TestPostgres;
let database: Database;
let url: string;
let databases = 0;

beforeAll(async () => {
  postgres = await TestPostgres.create();
});
afterAll(() => postgres.remove());

beforeEach(async () => {
  url = await postgres.createDatabase(`database_${databases++}`);
  database = open(url);
});
afterEach(() => database.onApplicationShutdown());

function open(address: string): Database {
  const settings = gatewaySettings.parse({
    MILLRACE_DATABASE_URL: address,
    MILLRACE_DATABASE_CONNECT_TIMEOUT_MS: '300',
    MILLRACE_DATABASE_QUERY_TIMEOUT_MS: '300',
  });
  const logger = createLogger({ service: 'test', level: 'silent' });
  const metrics = new Metrics({ service: 'test', version: '0', processMetrics: false });
  const made = new Database(settings, logger, createGatewayMetrics(metrics));
  made.addEntities([TenantEntity]);
  return made;
}

const ask = () => database.run((manager) => manager.query<{ one: number }[]>('SELECT 1 AS one'));
const tenant = (id: string) => ({
  id,
  name: 'a',
  status: 'active' as const,
  maxLiveStreams: 1,
  maxRooms: 1,
  maxParticipants: 2,
  maxRelayAllocations: 3,
  maxRelayBitsPerSecond: 4_000_000_000,
  createdAt: new Date(),
  updatedAt: new Date(),
});

describe('Database', () => {
  it('refuses at once until it is connected, then migrates and answers', async () => {
    await expect(ask()).rejects.toBeInstanceOf(DatabaseUnavailable);
    database.start();
    await database.whenUp();
    expect(await ask()).toEqual([{ one: 1 }]);
    expect(await database.run((manager) => manager.count(TenantEntity))).toBe(0);
  });

  it('rolls a failed transaction back', async () => {
    database.start();
    await database.whenUp();
    const failing = database.transaction(async (manager) => {
      await manager.insert(TenantEntity, tenant('ten_1'));
      throw new Error('changed my mind');
    });
    await expect(failing).rejects.toThrow('changed my mind');
    expect(await database.run((manager) => manager.count(TenantEntity))).toBe(0);
  });

  it('goes on after a restart of PostgreSQL, and meanwhile refuses rather than waits', async () => {
    database.start();
    await database.whenUp();
    await postgres.stop('SIGQUIT');
    await expect(ask()).rejects.toBeInstanceOf(DatabaseUnavailable);
    expect(database.isUp).toBe(false);
    await postgres.start();
    await database.whenUp();
    expect(await ask()).toEqual([{ one: 1 }]);
  });

  it('starts while PostgreSQL is away, and connects when it comes', async () => {
    await postgres.stop();
    database.start();
    await expect(ask()).rejects.toBeInstanceOf(DatabaseUnavailable);
    await postgres.start();
    await database.whenUp();
    expect(await ask()).toEqual([{ one: 1 }]);
  });

  it('gives up on a PostgreSQL that is silent', async () => {
    database.start();
    await database.whenUp();
    await postgres.freeze();
    try {
      await expect(ask()).rejects.toBeInstanceOf(DatabaseUnavailable);
      expect(database.isUp).toBe(false);
    } finally {
      await postgres.thaw();
    }
    await database.whenUp();
    expect(await ask()).toEqual([{ one: 1 }]);
  });

  it('takes answers that this process could not read in time, for those too that wait for a connection', async () => {
    database.start();
    await database.whenUp();
    const answers = Array.from({ length: 40 }, ask);
    await new Promise((resolve) => setImmediate(resolve));
    // As where all processors are busy with other work.
    for (const end = performance.now() + 700; performance.now() < end;);
    for (const answer of answers) expect(await answer).toEqual([{ one: 1 }]);
    expect(database.isUp).toBe(true);
  });

  it('takes a slow query for slow, not for a lost server', async () => {
    database.start();
    await database.whenUp();
    const slow = database.run((manager) => manager.query('SELECT pg_sleep(30)'));
    await expect(slow).rejects.toBeInstanceOf(DatabaseUnavailable);
    expect(database.isUp).toBe(true);
  });

  it('lets an error of a query itself through', async () => {
    database.start();
    await database.whenUp();
    await expect(database.run((manager) => manager.query('SELECT nonsense'))).rejects.not.toBeInstanceOf(
      DatabaseUnavailable,
    );
    expect(database.isUp).toBe(true);
  });
});

describe('migrations', () => {
  it('run once, however many gateways start together', async () => {
    const results = await Promise.all([migrate(url, 5_000), migrate(url, 5_000), migrate(url, 5_000)]);
    expect(results.flat()).toHaveLength(MIGRATIONS.length);
  });
});
