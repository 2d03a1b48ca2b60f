import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { TestPostgres } from '../testing/test-postgres.ts';
import { deadlineClient } from './deadline-client.ts';

const MS = 1_000;
const LATE = /connection timeout|query read timeout/;

/** Nothing of this process runs meanwhile, as when it gets no CPU. */
function blockFor(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end;);
}

describe('a connection to PostgreSQL with deadlines', () => {
  let postgres: TestPostgres;
  const clients: pg.Client[] = [];
  beforeAll(async () => {
    postgres = await TestPostgres.create();
  });
  afterEach(async () => {
    await Promise.allSettled(clients.splice(0).map((client) => client.end()));
  });
  afterAll(() => postgres.remove());

  function newClient(): pg.Client {
    const client = new (deadlineClient({ connectMs: MS, queryMs: MS }))({ connectionString: postgres.url() });
    client.on('error', () => undefined);
    clients.push(client);
    return client;
  }

  it('takes what the server answered while this process did not run', async () => {
    const client = newClient();
    const connected = client.connect();
    blockFor(MS + 100);
    await connected;
    const first = client.query<{ n: number }>('SELECT 1 AS n');
    const second = new Promise<unknown>((resolve, reject) => {
      client.query('SELECT $1::int AS n', [2], (error, { rows }) => (error ? reject(error) : resolve(rows)));
    });
    blockFor(MS + 100);
    expect([(await first).rows, await second]).toEqual([[{ n: 1 }], [{ n: 2 }]]);
  });

  it('gives up a server that does not answer, with all that was asked of it', async () => {
    const client = newClient();
    await client.connect();
    await postgres.freeze();
    try {
      const asked = [client.query('SELECT 1'), client.query('SELECT 2')];
      const connected = newClient().connect();
      for (const result of await Promise.allSettled([...asked, connected])) {
        expect(result.status === 'rejected' && (result.reason as Error).message).toMatch(LATE);
      }
      await expect(client.query('SELECT 3')).rejects.toThrow('not queryable');
    } finally {
      await postgres.thaw();
    }
  });

  it('keeps an error of the server, and is used again after it', async () => {
    const client = newClient();
    await client.connect();
    await expect(client.query('SELECT wrong')).rejects.toThrow('column "wrong" does not exist');
    expect((await client.query('SELECT 1 AS n')).rows).toEqual([{ n: 1 }]);
  });
});
