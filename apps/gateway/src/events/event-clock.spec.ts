// A dump is restored into a PostgreSQL whose transactions have lower numbers than those of the events in the dump.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeWorld } from '../testing/tenant-world.ts';
import type { World } from '../testing/tenant-world.ts';
import { TestGateway } from '../testing/test-gateway.ts';
import { binariesWithClients, TestPostgres } from '../testing/test-postgres.ts';
import { streamEvents } from './event-stream.ts';
import type { EventSource } from './event-stream.ts';
import type { EventAnswer } from './events.dto.ts';

/** Of both gateways, so that keys that were made before the restore are valid after it. */
const env = { MILLRACE_KEY_PEPPER: 'a pepper for the tests of a restored dump' };
const binaries = binariesWithClients();

let before: TestPostgres;
let after: TestPostgres;
beforeAll(async () => {
  [before, after] = await Promise.all([TestPostgres.create(binaries), TestPostgres.create(binaries)]);
});
afterAll(() => Promise.all([before.remove(), after.remove()]));

/** Restores a dump as docs/operate/backup.md says. */
async function restore(): Promise<void> {
  const dump = spawn(join(binaries, 'pg_dump'), [before.url()], { stdio: ['ignore', 'pipe', 'inherit'] });
  const psql = spawn(join(binaries, 'psql'), ['-Xq', '-v', 'ON_ERROR_STOP=1', after.url()], {
    stdio: [dump.stdout, 'ignore', 'inherit'],
  });
  const codes = await Promise.all([dump, psql].map(async (program) => (await once(program, 'exit'))[0] as unknown));
  expect(codes).toEqual([0, 0]);
}

it('events go on in order after a restore: none is withheld, and a client that follows them misses none', async () => {
  const first = await TestGateway.start({ databaseUrl: before.url(), env });
  const world = await makeWorld(first);
  const created = await eventsAfter(first, world, undefined);
  const rename = (gateway: TestGateway, name: string) =>
    gateway.ok('PATCH', `/v1/live_streams/${world.streamId}`, { key: world.apiKey, body: { name } });
  await rename(first, '1');
  // Transactions of an installation that has run for a while.
  await before.query(`DO $$ BEGIN FOR n IN 1..5000 LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$`);
  await rename(first, '2');
  const last = (await eventsAfter(first, world, created[0]!.id)).at(-1)!;
  expect(last.data.object['name']).toBe('2');
  await first.close();
  await restore();

  const second = await TestGateway.start({ databaseUrl: after.url(), env });
  await rename(second, '3');
  await rename(second, '4');
  const all = await eventsAfter(second, world, created[0]!.id);
  expect(all.map(({ data }) => data.object['name']).slice(-4)).toEqual(['1', '2', '3', '4']);
  expect((await eventsAfter(second, world, last.id)).map(({ data }) => data.object['name'])).toEqual(['3', '4']);
  await second.close();

  // Only once: the next gateway finds everything as it should be.
  const [clock] = await after.query('SELECT ahead FROM event_clock');
  expect(Number(clock?.['ahead'])).toBeGreaterThan(1_000);
  const third = await TestGateway.start({ databaseUrl: after.url(), env });
  await rename(third, '5');
  expect((await eventsAfter(third, world, last.id)).map(({ data }) => data.object['name'])).toEqual(['3', '4', '5']);
  await third.close();
  expect(await after.query('SELECT ahead FROM event_clock')).toEqual([clock]);
});

it('an open stream ends when transactions have lower numbers than before: its client goes on from its last event', async () => {
  const horizons = [5_000n, 800n];
  const place = { transaction: '4000', position: '1' };
  const source: EventSource = {
    follow: () => {
      const horizon = horizons.shift() ?? 0n;
      return Promise.resolve({ bodies: [], last: place, horizon, newest: 9_000n });
    },
    check: () => Promise.resolve(),
    listen: () => () => undefined,
  };
  const response = new ServerResponse(new IncomingMessage(new Socket()));
  await streamEvents(response, source, place, 60_000, new AbortController().signal);
  expect(horizons).toEqual([]);
});

/** The events behind this one, oldest first; without one, all of them. */
async function eventsAfter(
  gateway: TestGateway,
  { apiKey: key }: World,
  id: string | undefined,
): Promise<EventAnswer[]> {
  const page = await gateway.ok('GET', `/v1/events?limit=100${id === undefined ? '' : `&after=${id}`}`, { key });
  const events = page['data'] as EventAnswer[];
  return id === undefined ? events.toReversed() : events;
}
