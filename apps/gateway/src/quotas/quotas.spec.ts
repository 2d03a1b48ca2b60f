// Quotas: read and set by REST, kept where the work happens, and reported when they are nearly or wholly used.
import { randomUUID } from 'node:crypto';
import type { UsageAmount } from '@millrace/control';
import type { MeasuredQuota } from '@millrace/domain';
import { createMemoryLiveStore } from '@millrace/live-store';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SampleStream } from '../testing/sample-stream.ts';
import { makeWorld, publish, until } from '../testing/tenant-world.ts';
import type { World } from '../testing/tenant-world.ts';
import { TestGateway } from '../testing/test-gateway.ts';
import { TestPostgres } from '../testing/test-postgres.ts';
import { UsageWriter } from '../usage/usage-writer.ts';
import { QuotaWatch } from './quota-watch.ts';
import type { QuotasAnswer } from './quotas.dto.ts';

const HOUR_MS = 3_600_000;

let postgres: TestPostgres;
let gateways: readonly [TestGateway, TestGateway];
let gateway: TestGateway;
let world: World;

beforeAll(async () => {
  postgres = await TestPostgres.create();
  const env = { MILLRACE_API_READ_BURST_PER_TENANT: '4000' };
  const shared = { databaseUrl: postgres.url(), liveStore: createMemoryLiveStore(), env };
  gateways = [await TestGateway.start(shared), await TestGateway.start(shared)];
  [gateway] = gateways;
});
afterAll(async () => {
  for (const each of gateways) await each.close();
  await postgres.remove();
});
beforeEach(async () => {
  world = await makeWorld(gateway);
});

const set = (body: Record<string, number | null>) =>
  gateway.ok('PUT', `/v1/tenants/${world.tenantId}/quotas`, { body });
const read = async (name: string) => {
  const { quotas } = (await gateway.ok('GET', '/v1/quotas', { key: world.apiKey })) as unknown as QuotasAnswer;
  return quotas.find((quota) => quota.name === name);
};

/** What viewers have been sent in this month, by one process. */
async function sent(source: string, bytes: number, hour = Math.floor(Date.now() / HOUR_MS)): Promise<void> {
  const { tenantId, streamId } = world;
  const amount: UsageAmount = { tenantId, streamId, hour, kind: 'egress_bytes', protocol: 'hls', amount: bytes };
  const writer = gateway.app.get(UsageWriter, { strict: false });
  const recorded = writer.record({ source, amounts: [amount] });
  writer.flush();
  expect(await recorded).toBe(true);
}

describe('REST', () => {
  it('shows a tenant its limits and what it uses of them, and lets the operator alone change them', async () => {
    expect(await read('egress_bytes_per_month')).toEqual({
      name: 'egress_bytes_per_month',
      limit: null,
      used: 0,
      state: 'ok',
    });
    const changed = await set({ egress_bytes_per_month: 1_000, live_streams: 1, ingest_bits_per_second: 5_000_000 });
    expect(changed['tenant_id']).toBe(world.tenantId);
    await sent(randomUUID(), 850);
    expect(await read('egress_bytes_per_month')).toMatchObject({ limit: 1_000, used: 850, state: 'warning' });
    expect(await read('ingest_bits_per_second')).toMatchObject({ limit: 5_000_000, used: 0 });
    await publish(gateway, world.streamKey);
    await until('the stream is live', async () => (await read('live_streams'))?.used === 1);
    expect(await read('live_streams')).toMatchObject({ limit: 1, state: 'exceeded' });
    expect(await gateway.ok('GET', `/v1/tenants/${world.tenantId}`)).toMatchObject({ max_live_streams: 1 });
    await set({ egress_bytes_per_month: null });
    expect(await read('egress_bytes_per_month')).toMatchObject({ limit: null, state: 'ok' });
    const path = `/v1/tenants/${world.tenantId}/quotas`;
    expect((await gateway.call('PUT', path, { key: world.apiKey, body: { live_streams: 9 } })).status).toBe(403);
    for (const body of [
      {},
      { live_streams: null },
      { live_streams: -1 },
      { api_reads_per_second: 0 },
      { viewers_of_mars: 1 },
    ])
      expect((await gateway.call('PUT', path, { body })).status, JSON.stringify(body)).toBe(400);
    const other = await makeWorld(gateway);
    const theirs = `/v1/quotas?tenant_id=${other.tenantId}`;
    expect((await gateway.call('GET', theirs, { key: world.apiKey })).status).toBe(400);
    expect((await gateway.call('GET', '/v1/quotas')).status).toBe(400);
    expect((await gateway.ok('GET', theirs))['tenant_id']).toBe(other.tenantId);
  });
});

/** As services report it, without waiting for a gateway to look. */
const measured = (source: string, quota: MeasuredQuota, used: number): Promise<boolean> =>
  gateway.usage.reportUsage({ source, amounts: [], readings: [{ tenantId: world.tenantId, quota, used }] }, 10_000);

const look = (): Promise<unknown> =>
  Promise.all(gateways.map((each) => each.app.get(QuotaWatch, { strict: false }).look([world.tenantId], Date.now())));

/** The events of one quota, oldest first. */
async function quotaEvents(quota: string): Promise<unknown[]> {
  const page = await gateway.ok('GET', '/v1/events?limit=100', { key: world.apiKey });
  return (page['data'] as { type: string; data: { object: Record<string, unknown> } }[])
    .filter(({ type, data }) => type.startsWith('quota.') && data.object['quota'] === quota)
    .map(({ type, data }) => [type, data.object['used']])
    .toReversed();
}

describe('what each process measures', () => {
  it('counts at the one that measures most, for some seconds, and is told at 80 and 100 percent', async () => {
    const [one, two] = [randomUUID(), randomUUID()];
    await set({ relay_allocations: 100 });
    expect(await read('relay_allocations')).toMatchObject({ limit: 100, used: 0 });
    expect(await Promise.all([measured(one, 'relay_allocations', 30), measured(two, 'relay_allocations', 79)])).toEqual(
      [true, true],
    );
    await look();
    expect(await read('relay_allocations')).toMatchObject({ used: 79, state: 'ok' });
    await measured(two, 'relay_allocations', 80);
    await look();
    await measured(two, 'relay_allocations', 112);
    await look();
    expect(await read('relay_allocations')).toMatchObject({ used: 112, state: 'exceeded' });
    expect(await quotaEvents('relay_allocations')).toEqual([
      ['quota.threshold_reached', 80],
      ['quota.exceeded', 112],
    ]);
    const metrics = (await Promise.all(gateways.map((each) => each.metrics.text()))).join('\n');
    expect(metrics).toMatch(/quota_levels_reached_total\{limit="relay_allocations",state="warning"\} \d/);
    await postgres.query(`UPDATE quota_readings SET measured_at = measured_at - interval '15 seconds'`);
    expect(await read('relay_allocations')).toMatchObject({ used: 0, state: 'ok' });
  });

  it('is how fast a tenant uses the API of each gateway, which its quota limits and the refusal names', async () => {
    expect(await read('api_reads_per_second')).toMatchObject({ limit: 200, used: 0 });
    await set({ api_reads_per_second: 2, api_writes_per_second: 7 });
    expect(await read('api_writes_per_second')).toMatchObject({ limit: 7 });
    const asked = Array.from({ length: 60 }, () => gateway.call('GET', '/v1/rooms', { key: world.apiKey }));
    const refused = (await Promise.all(asked)).filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThan(0);
    const detail = expect.stringContaining('2 per second (api_reads_per_second)') as string;
    expect(refused[0]?.body).toMatchObject({ code: 'too_many_requests', detail });
    await gateway.app.get(UsageWriter, { strict: false }).recordOwn();
    const { quotas } = (await gateway.ok('GET', `/v1/quotas?tenant_id=${world.tenantId}`)) as unknown as QuotasAnswer;
    const reads = quotas.find(({ name }) => name === 'api_reads_per_second');
    expect(reads?.used).toBeGreaterThan(0);
    await set({ api_reads_per_second: null });
    // The old rate holds until it allows a request again.
    const isServed = async () => (await gateway.call('GET', '/v1/rooms', { key: world.apiKey })).status === 200;
    await until('it is served again', isServed);
  });
});

describe('what viewers are sent in a month', () => {
  it('is limited on every gateway: playlists, segments and FLV are refused with the limit, and again served when it is raised', async () => {
    const stream = await SampleStream.begin(gateway.liveStore, world.streamId);
    const segment = await stream.add();
    const paths = ['index.m3u8', 'master.m3u8', segment].map((file) => `/hls/${world.playbackId}/${file}`);
    const statuses = async (): Promise<number[]> => {
      const all = gateways.flatMap((each) => paths.map((path) => each.call('GET', path, { key: '' })));
      return (await Promise.all(all)).map(({ status }) => status);
    };
    await set({ egress_bytes_per_month: 1_000_000 });
    await until('it is played', async () => (await statuses()).every((status) => status === 200));
    await sent(randomUUID(), 1_000_000);
    await until('it is refused', async () => (await statuses()).every((status) => status === 403));
    const { body } = await gateway.call('GET', paths[0]!, { key: '' });
    expect(body).toMatchObject({
      code: 'playback_quota_exceeded',
      detail: expect.stringMatching(/1000000 bytes .*egress_bytes_per_month/) as string,
    });
    const flv = await gateway.call('GET', `/live/${world.playbackId}.flv`, { key: '' });
    expect(flv.body).toMatchObject({ code: 'playback_quota_exceeded' });
    await set({ egress_bytes_per_month: 9_000_000 });
    await until('it is played again', async () => (await statuses()).every((status) => status === 200));
  });

  it('counts from the beginning of the month, those hours too that are added up already', async () => {
    const now = new Date();
    const begins = Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), 1) / HOUR_MS;
    await postgres.query(
      `INSERT INTO usage_amounts SELECT '${world.tenantId}', hour, '', 'egress_bytes', 'hls', '${randomUUID()}', 100
       FROM unnest(ARRAY[${begins - 1}, ${begins}]) AS hour`,
    );
    await set({ egress_bytes_per_month: 1_000 });
    await sent(randomUUID(), 7);
    expect((await read('egress_bytes_per_month'))?.used).toBe(107);
    await sent(randomUUID(), 3);
    expect((await read('egress_bytes_per_month'))?.used).toBe(110);
  });
});

describe('concurrent viewers', () => {
  const [first, second] = [0, 1] as const;
  const poll = (player: string, at: 0 | 1 = first, playbackId = world.playbackId, file = 'index.m3u8') => {
    const headers = { 'user-agent': player };
    return gateways[at].call('GET', `/hls/${playbackId}/${file}`, { key: '', headers });
  };
  const plays = async (...asked: Parameters<typeof poll>): Promise<boolean> => (await poll(...asked)).status === 200;

  async function live(): Promise<SampleStream> {
    await publish(gateway, world.streamKey);
    const stream = await SampleStream.begin(gateway.liveStore, world.streamId);
    await stream.add();
    return stream;
  }

  it('of a stream are limited over all gateways: one too many is refused with the limit, the others go on', async () => {
    await live();
    await set({ viewers_per_stream: 2 });
    const asked = Array.from({ length: 6 }, (_, i) => poll(`player ${i}`, i % 2 === 0 ? first : second));
    const statuses = (await Promise.all(asked)).map(({ status }) => status);
    expect(statuses.toSorted()).toEqual([200, 200, 403, 403, 403, 403]);
    const inside = statuses.flatMap((status, i) => (status === 200 ? [`player ${i}`] : []));
    for (const player of inside) for (const at of [first, second]) expect(await plays(player, at)).toBe(true);
    const refused = await poll('late', second);
    expect(refused.body).toMatchObject({
      code: 'playback_quota_exceeded',
      detail: expect.stringMatching(/this stream .*: 2 \(viewers_per_stream\)/) as string,
    });
    expect(refused.headers.get('cache-control')).toBe('no-store');
    const flv = `/live/${world.playbackId}.flv`;
    for (const each of gateways)
      expect((await each.call('GET', flv, { key: '' })).body).toMatchObject({ code: 'playback_quota_exceeded' });
    await until('they are counted', async () => (await read('viewers_per_stream'))?.used === 2);
    expect(await read('viewers_per_stream')).toMatchObject({ limit: 2, state: 'exceeded' });
    await look();
    expect(await quotaEvents('viewers_per_stream')).toContainEqual(['quota.exceeded', 2]);
    await set({ viewers_per_stream: 3 });
    await until('one more is let in', () => plays('late', second));
    await set({ viewers_per_stream: null });
    await until('all are let in', () => plays('another'));
  });

  it('of a tenant are limited over its streams, and it is told at 80 percent', async () => {
    await live();
    const made = await gateway.ok('POST', `/v1/live_streams/${world.streamId}/playback_ids`, {
      key: world.apiKey,
      body: { policy: 'public' },
    });
    const other = String(made['id']);
    await set({ viewers: 5 });
    for (let i = 0; i < 4; i++)
      expect(await plays(`player ${i}`, first, i === 0 ? other : world.playbackId)).toBe(true);
    await until('they are counted', async () => (await read('viewers'))?.used === 4);
    await look();
    expect(await quotaEvents('viewers')).toEqual([['quota.threshold_reached', 4]]);
    expect(await plays('player 4', second, other)).toBe(true);
    expect((await poll('player 5', second, other)).body).toMatchObject({
      detail: expect.stringMatching(/: 5 \(viewers\)/) as string,
    });
    // What is no viewer is not refused.
    expect(await plays('player 5', second, other, 'master.m3u8')).toBe(true);
    const theirs = await makeWorld(gateway);
    await (await SampleStream.begin(gateway.liveStore, theirs.streamId)).add();
    expect(await plays('player 5', second, theirs.playbackId)).toBe(true);
  });
});

it('a tenant is told once that it has used 80 and 100 percent, whichever gateways notice', async () => {
  await set({ egress_bytes_per_month: 1_000 });
  const source = randomUUID();
  const events = (): Promise<unknown[]> => quotaEvents('egress_bytes_per_month');
  await sent(source, 790);
  await look();
  expect(await events()).toEqual([]);
  await sent(source, 800);
  for (let time = 0; time < 3; time++) await look();
  await sent(source, 999);
  await look();
  expect(await events()).toEqual([['quota.threshold_reached', 800]]);
  await sent(source, 1_100);
  for (let time = 0; time < 3; time++) await look();
  const both = [
    ['quota.threshold_reached', 800],
    ['quota.exceeded', 1_100],
  ];
  expect(await events()).toEqual(both);
  // Raised, and reached again.
  await set({ egress_bytes_per_month: 10_000 });
  await look();
  await set({ egress_bytes_per_month: 1_100 });
  await look();
  expect((await events()).slice(2).toSorted()).toEqual(
    [
      ['quota.threshold_reached', 1_100],
      ['quota.exceeded', 1_100],
    ].toSorted(),
  );
});

it('what a tenant uses is compared with its quotas without being asked', async () => {
  await set({ egress_bytes_per_month: 1_000 });
  await sent(randomUUID(), 2_000);
  await until('it is told', async () => {
    const { data } = await gateway.ok('GET', '/v1/events?type=quota.exceeded', { key: world.apiKey });
    return (data as unknown[]).length === 1;
  });
});
