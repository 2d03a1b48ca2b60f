// What is deleted when its time is over: in steps, beside what others have locked, until there is nothing left or the gateway stops.
import { createLogger } from '@millrace/service-kit';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { EventEntity } from '../events/event.entity.ts';
import { makeWorld, until } from '../testing/tenant-world.ts';
import type { World } from '../testing/tenant-world.ts';
import { TestGateway } from '../testing/test-gateway.ts';
import { TestPostgres } from '../testing/test-postgres.ts';
import { Database } from './database.ts';
import { DatabaseUnavailable } from './database.errors.ts';
import { deleteInBatches } from './delete-in-batches.ts';
import { Purges } from './purges.ts';

const EVENTS = 1_050;
const STEP = 200;

let postgres: TestPostgres;
let gateway: TestGateway;
let world: World;

beforeAll(async () => {
  postgres = await TestPostgres.create();
  gateway = await TestGateway.start({ databaseUrl: postgres.url() });
});
afterAll(async () => {
  await gateway.close();
  await postgres.remove();
});

describe('the deletion of a tenant', () => {
  it('is tried again where it and what is still written of the tenant have waited for each other', async () => {
    world = await makeWorld(gateway);
    const writer = new pg.Client({ connectionString: postgres.url() });
    await writer.connect();
    // The other one is ended.
    await writer.query("SET deadlock_timeout = '30s'");
    await writer.query('BEGIN');
    await writer.query('SELECT 1 FROM live_streams WHERE tenant_id = $1 FOR KEY SHARE', [world.tenantId]);
    const purged = gateway.ok('DELETE', `/v1/tenants/${world.tenantId}?purge=true`);
    await until('it waits for the stream', async () => {
      const waiting = await postgres.query("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'");
      return waiting.length > 0;
    });
    await writer.query('SELECT 1 FROM tenants WHERE id = $1 FOR KEY SHARE', [world.tenantId]);
    await writer.query('COMMIT');
    await writer.end();
    await purged;
    expect(await postgres.query(`SELECT 1 FROM live_streams WHERE tenant_id = '${world.tenantId}'`)).toEqual([]);
  });
});

describe('deletion in batches', () => {
  beforeEach(async () => {
    world = await makeWorld(gateway);
    await postgres.query(
      `INSERT INTO webhook_endpoints (id, tenant_id, url, description, event_types, sealed, enabled, created_at, updated_at)
       VALUES ('whe_${world.tenantId}', '${world.tenantId}', '', '', '{}', '', true, now(), now());
       INSERT INTO events (id, tenant_id, type, object_id, body, created_at)
       SELECT '${world.tenantId}' || n, '${world.tenantId}', 'live_stream.updated', 'x', '{}', now()
       FROM generate_series(1, ${EVENTS}) AS n;
       INSERT INTO webhook_deliveries
         (id, tenant_id, endpoint_id, event_id, event_type, object_id, position, status, created_at)
       SELECT id, tenant_id, 'whe_' || tenant_id, id, type, object_id, position, 'succeeded', now() FROM events
       WHERE object_id = 'x' AND tenant_id = '${world.tenantId}'`,
    );
  });
  const left = async (table = 'events'): Promise<number> =>
    (await postgres.query(`SELECT 1 FROM ${table} WHERE tenant_id = '${world.tenantId}' AND object_id = 'x'`)).length;
  const database = (): Database => gateway.app.get(Database, { strict: false });
  const remove = (stop?: AbortSignal, from: Pick<Database, 'run'> = database()): Promise<void> =>
    deleteInBatches(from, EventEntity, { tenantId: world.tenantId, objectId: 'x' }, stop);

  it('takes so many rows a step, with what refers to them, and waits for no row that is locked', async () => {
    const holder = new pg.Client({ connectionString: postgres.url() });
    await holder.connect();
    await holder.query('BEGIN');
    await holder.query('SELECT 1 FROM events WHERE id = $1 FOR UPDATE', [`${world.tenantId}7`]);
    let steps = 0;
    await remove(undefined, {
      run: (work) => {
        steps++;
        return database().run(work);
      },
    });
    expect(steps).toBe(Math.ceil(EVENTS / STEP));
    expect([await left(), await left('webhook_deliveries')]).toEqual([1, 1]);
    await holder.query('COMMIT');
    await holder.end();
    await remove();
    expect([await left(), await left('webhook_deliveries')]).toEqual([0, 0]);
  });

  it('is shared by gateways that do it at once', async () => {
    await Promise.all([remove(), remove(), remove()]);
    expect(await left()).toBe(0);
  });

  it('ends after a step when the gateway stops', async () => {
    await remove(AbortSignal.abort());
    expect(await left()).toBe(EVENTS - STEP);
  });
});

describe('purges', () => {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const logger = createLogger({ service: 'gateway', level: 'warn', destination });

  it('come again and again, also after one has failed, and are waited for when the gateway stops', async () => {
    const purges = new Purges(logger);
    const failures = [new Error('broken'), new DatabaseUnavailable()];
    let runs = 0;
    purges.add({
      what: 'old things',
      everyMs: 1,
      run: () => {
        runs++;
        const failure = failures.shift();
        return failure === undefined ? Promise.resolve() : Promise.reject(failure);
      },
    });
    let isOver = false;
    purges.add({
      what: 'many things',
      everyMs: 1,
      run: (_, stop) =>
        new Promise<void>((resolve) => {
          stop.addEventListener('abort', () => {
            isOver = true;
            resolve();
          });
        }),
    });
    purges.onApplicationBootstrap();
    await until('it has run four times', () => runs >= 4);
    expect(isOver).toBe(false);
    await purges.onApplicationShutdown();
    expect(isOver).toBe(true);
    const ran = runs;
    expect(lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual(['cannot delete old things']);
    await new Promise(setImmediate);
    expect(runs).toBe(ran);
  });
});
