// One address, or one tenant, that asks for more than its share, beside a client that must be served all the same.
import { newId } from '@millrace/domain';
import { createMemoryLiveStore } from '@millrace/live-store';
import type { LiveStore } from '@millrace/live-store';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SampleStream } from '../testing/sample-stream.ts';
import { makeWorld, until } from '../testing/tenant-world.ts';
import type { World } from '../testing/tenant-world.ts';
import { TestGateway } from '../testing/test-gateway.ts';
import { TestPostgres } from '../testing/test-postgres.ts';

let postgres: TestPostgres;
let gateway: TestGateway;
let store: LiveStore;
let world: World;
let stream: SampleStream;

beforeAll(async () => {
  postgres = await TestPostgres.create();
  store = createMemoryLiveStore();
  gateway = await TestGateway.start({
    databaseUrl: postgres.url(),
    liveStore: store,
    env: {
      MILLRACE_HLS_MAX_WAITERS: '8',
      MILLRACE_HLS_MAX_WAITERS_PER_ADDRESS: '3',
      MILLRACE_HLS_MAX_WAITERS_PER_TENANT: '5',
      MILLRACE_DATABASE_QUERY_TIMEOUT_MS: '60000',
      MILLRACE_DATABASE_CONNECT_TIMEOUT_MS: '60000',
    },
  });
  world = await makeWorld(gateway);
  stream = await SampleStream.begin(store, world.streamId);
  await stream.add();
});
afterAll(async () => {
  await gateway.close();
  await postgres.remove();
});

/** Asks as a client with this address behind a proxy of this machine. */
const getFrom = (address: string, path: string) =>
  fetch(gateway.url + path, { headers: { 'x-forwarded-for': address } });
const statusFrom = async (address: string, path: string): Promise<number> => (await getFrom(address, path)).status;
const times = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));
/** Counts the answers 503 as they come. */
function refusalsOf(statuses: readonly Promise<number>[]): { readonly count: number } {
  const refusals = { count: 0 };
  for (const status of statuses) void status.then((it) => void (it === 503 && refusals.count++));
  return refusals;
}
const waiting = async (count: number): Promise<boolean> =>
  (await gateway.metrics.text()).includes(`millrace_playback_waiters ${count}\n`);

describe('players that wait for a stream', () => {
  it('of one address take their share, and others wait beside them', async () => {
    const idle = await makeWorld(gateway);
    const path = `/hls/${idle.playbackId}/index.m3u8`;
    const attack = refusalsOf(times(20, () => statusFrom('192.0.2.1', path)));
    await until('the others are refused at once', () => attack.count === 17);
    const good = getFrom('192.0.2.2', path);
    await until('four wait', () => waiting(4));
    await (await SampleStream.begin(store, idle.streamId)).add();
    expect((await good).status).toBe(200);
  });

  it('for streams of one tenant take its share, and those of others wait beside them', async () => {
    const [crowded, idle] = [await makeWorld(gateway), await makeWorld(gateway)];
    const path = `/hls/${crowded.playbackId}/index.m3u8`;
    const attack = refusalsOf(times(20, (i) => statusFrom(`192.0.2.${i}`, path)));
    await until('the others are refused at once', () => attack.count === 15);
    const good = getFrom('192.0.2.200', `/hls/${idle.playbackId}/index.m3u8`);
    await until('six wait', () => waiting(6));
    for (const { streamId } of [crowded, idle]) await (await SampleStream.begin(store, streamId)).add();
    expect((await good).status).toBe(200);
  });
});

describe('look-ups of unknown playback ids', () => {
  /** While it runs, PostgreSQL answers no question about playback ids. */
  async function whileLocked(work: (unlock: () => Promise<void>) => Promise<void>): Promise<void> {
    const client = new pg.Client({ connectionString: postgres.url() });
    await client.connect();
    try {
      await client.query('BEGIN; LOCK TABLE playback_ids IN ACCESS EXCLUSIVE MODE');
      await work(async () => void (await client.query('COMMIT')));
    } finally {
      await client.end();
    }
  }
  const unknown = (): string => `/hls/${newId('pbk')}/index.m3u8`;

  it('of one address take 16 places, and others are found beside them', async () => {
    // Nothing is remembered of this one: only the database knows it.
    const [row] = await postgres.query(
      `INSERT INTO playback_ids (id, tenant_id, live_stream_id, created_at)
       SELECT '${newId('pbk')}', tenant_id, live_stream_id, created_at FROM playback_ids WHERE id = '${world.playbackId}'
       RETURNING id`,
    );
    await whileLocked(async (unlock) => {
      const attack = times(300, () => statusFrom('192.0.2.1', unknown()));
      const refusals = refusalsOf(attack);
      await until('the others are refused at once', () => refusals.count === 284);
      const good = getFrom('192.0.2.2', `/hls/${String(row?.['id'])}/index.m3u8`);
      await unlock();
      expect((await good).status).toBe(200);
      expect((await Promise.all(attack)).filter((status) => status === 404)).toHaveLength(16);
    });
  });

  it('take 256 places in all', async () => {
    await whileLocked(async (unlock) => {
      const asked = times(320, (i) => statusFrom(`192.0.2.${i % 32}`, unknown()));
      const refusals = refusalsOf(asked);
      await until('the others are refused at once', () => refusals.count === 64);
      await unlock();
      expect((await Promise.all(asked)).filter((status) => status === 404)).toHaveLength(256);
    });
  });
});

describe('requests for what does not exist', () => {
  it('do not stop the metering of those that are served', async () => {
    const metered = async (): Promise<number> =>
      Number(
        new RegExp(`tenant_viewer_seconds_total\\{tenant="${world.tenantId}"\\} (\\d+)`).exec(
          await gateway.metrics.text(),
        )?.[1] ?? 0,
      );
    const before = await metered();
    await Promise.all(times(200, (i) => statusFrom('192.0.2.1', `/hls/bogus${i}/index.m3u8`)));
    expect(await statusFrom('198.51.100.7', `/hls/${world.playbackId}/index.m3u8`)).toBe(200);
    expect(await metered()).toBe(before + 15);
  });
});
