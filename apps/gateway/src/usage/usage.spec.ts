// Usage from what counts it to what is told of it: recorded once, added up, reconciled with what sockets have received.
import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { Codec, FrameFlag, FrameKind, newId } from '@millrace/domain';
import { UsageLedger } from '@millrace/control';
import type { UsageAmount } from '@millrace/control';
import { createMemoryFrameBus } from '@millrace/frame-bus';
import type { FrameBus } from '@millrace/frame-bus';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SampleStream } from '../testing/sample-stream.ts';
import { makeWorld, publish, until } from '../testing/tenant-world.ts';
import type { World } from '../testing/tenant-world.ts';
import { TestGateway } from '../testing/test-gateway.ts';
import { TestPostgres } from '../testing/test-postgres.ts';
import { UsageHours } from './usage-hours.ts';
import { UsageWriter } from './usage-writer.ts';
import type { UsageAnswer } from './usage.dto.ts';

const HOUR_MS = 3_600_000;
const thisHour = (): number => Math.floor(Date.now() / HOUR_MS);

let postgres: TestPostgres;
let frameBus: FrameBus;
let gateway: TestGateway;
let writer: UsageWriter;
let world: World;

beforeAll(async () => {
  postgres = await TestPostgres.create();
  frameBus = createMemoryFrameBus();
  gateway = await TestGateway.start({ databaseUrl: postgres.url(), frameBus });
  writer = gateway.app.get(UsageWriter, { strict: false });
});
afterAll(async () => {
  await gateway.close();
  await frameBus.close();
  await postgres.remove();
});
beforeEach(async () => {
  world = await makeWorld(gateway);
});

const list = async (query = '', key = world.apiKey): Promise<UsageAnswer[]> =>
  (await gateway.ok('GET', `/v1/usage${query}`, { key }))['data'] as UsageAnswer[];
const only = async (query = ''): Promise<UsageAnswer> => {
  const rows = await list(query);
  expect(rows).toHaveLength(1);
  return rows[0]!;
};

/** Reports as a service does. @param over on top of a kilobyte that viewers were sent over HLS in this hour */
const report = (source: string, ...overs: Partial<UsageAmount>[]): Promise<boolean> => {
  const recorded = writer.record({
    source,
    amounts: overs.map((over) => ({
      tenantId: world.tenantId,
      streamId: world.streamId,
      hour: thisHour(),
      kind: 'egress_bytes' as const,
      protocol: 'hls',
      amount: 1_000,
      ...over,
    })),
  });
  writer.flush();
  return recorded;
};

describe('what processes report', () => {
  it('counts once, however often and in whatever order it arrives, and adds up over processes', async () => {
    const [one, two] = [randomUUID(), randomUUID()];
    await Promise.all([report(one, { amount: 10 }), report(one, { amount: 30 }), report(one, { amount: 20 })]);
    await report(one, { amount: 25 });
    await report(two, { amount: 5 });
    await report(two, { amount: 5 });
    expect((await only()).egress_bytes).toBe(35);
  });

  it('is taken from services over the control bus, and answered once it is in the table', async () => {
    const amount = { tenantId: world.tenantId, hour: thisHour(), kind: 'relay_bytes', amount: 11 } as const;
    expect(await gateway.usage.reportUsage({ source: randomUUID(), amounts: [amount] }, 10_000)).toBe(true);
    expect((await only()).relay_bytes).toBe(11);
    const [row] = await postgres.query(
      `SELECT count(*)::int AS rows FROM usage_amounts WHERE tenant_id = '${world.tenantId}'`,
    );
    expect(row).toEqual({ rows: 1 });
  });

  it('of a tenant that is gone hinders no other one', async () => {
    const source = randomUUID();
    const gone = await makeWorld(gateway);
    await gateway.call('DELETE', `/v1/tenants/${gone.tenantId}?purge=true`);
    expect(await report(source, {}, { tenantId: gone.tenantId }, { tenantId: newId('ten') })).toBe(true);
    expect((await only()).egress_bytes).toBe(1_000);
    const rows = await postgres.query(`SELECT FROM usage_amounts WHERE tenant_id = '${gone.tenantId}'`);
    expect(rows).toEqual([]);
  });

  it('of an hour that is long over, or that has not come, does not count', async () => {
    const source = randomUUID();
    const hours = [-25, -24, 0, 1, 2].map((ago) => ({ hour: thisHour() + ago }));
    expect(await report(source, ...hours)).toBe(true);
    const query = `?from=${new Date(Date.now() - 48 * HOUR_MS).toISOString()}&to=${new Date(Date.now() + 48 * HOUR_MS).toISOString()}`;
    expect((await only(query)).egress_bytes).toBe(3_000);
  });
});

describe('GET /v1/usage', () => {
  it('groups by hour, day, month, stream and protocol, in pages and as CSV', async () => {
    const source = randomUUID();
    const hour = thisHour() - 3;
    const other = String(
      (await gateway.ok('POST', '/v1/live_streams', { key: world.apiKey, body: { name: 'b' } }))['id'],
    );
    const whole = { kind: 'participant_seconds', streamId: undefined, protocol: undefined, amount: 90 } as const;
    await report(
      source,
      { hour, amount: 1 },
      { hour, amount: 2, protocol: 'http-flv' },
      { hour: hour + 1, amount: 4 },
      { hour, amount: 8, streamId: other },
      { hour, kind: 'ingest_seconds', protocol: 'rtmp', amount: 3.25 },
      { hour, kind: 'packaged_seconds', protocol: undefined, amount: 2 },
      { hour, ...whole },
      { hour, kind: 'relay_refusals', streamId: undefined, protocol: undefined, amount: 90 },
    );
    expect(await only()).toMatchObject({
      tenant_id: world.tenantId,
      live_stream_id: null,
      protocol: null,
      egress_bytes: 15,
      ingest_seconds: 3.25,
      packaged_seconds: 2,
      participant_minutes: 1.5,
      relay_bytes: 0,
    });
    const byHour = await list('?group_by=hour');
    expect(byHour.map(({ from, to, egress_bytes: bytes }) => [from, to, bytes])).toEqual([
      [new Date(hour * HOUR_MS).toISOString(), new Date((hour + 1) * HOUR_MS).toISOString(), 11],
      [new Date((hour + 1) * HOUR_MS).toISOString(), new Date((hour + 2) * HOUR_MS).toISOString(), 4],
    ]);
    const byStream = await list('?group_by=live_stream');
    expect(byStream.map(({ live_stream_id: id, egress_bytes: bytes }) => [id, bytes])).toEqual([
      [null, 0],
      ...[
        [world.streamId, 7],
        [other, 8],
      ].toSorted(),
    ]);
    expect((await list(`?live_stream_id=${other}`)).map(({ egress_bytes: bytes }) => bytes)).toEqual([8]);
    const byProtocol = await list('?group_by=protocol');
    expect(byProtocol.map(({ protocol, egress_bytes: bytes }) => [protocol, bytes])).toEqual([
      [null, 0],
      ['hls', 13],
      ['http_flv', 2],
      ['rtmp', 0],
    ]);
    const [month] = await list('?group_by=month');
    expect(month?.from).toBe(`${new Date(hour * HOUR_MS).toISOString().slice(0, 7)}-01T00:00:00.000Z`);
    const days = await list('?group_by=day');
    expect(days.reduce((sum, { egress_bytes: bytes }) => sum + bytes, 0)).toBe(15);
    expect(days[0]?.from).toBe(`${new Date(hour * HOUR_MS).toISOString().slice(0, 10)}T00:00:00.000Z`);
    // Page by page, the same rows.
    const all = await list('?group_by=hour,live_stream,protocol');
    const paged: UsageAnswer[] = [];
    let cursor = '';
    do {
      const query = `?group_by=hour,live_stream,protocol&limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`;
      const page = await gateway.ok('GET', `/v1/usage${query}`, { key: world.apiKey });
      paged.push(...(page['data'] as UsageAnswer[]));
      cursor = (page['next_cursor'] as string | null) ?? '';
    } while (cursor !== '');
    expect(paged).toEqual(all);
    expect(all).toHaveLength(7);
    const csv = await gateway.call('GET', '/v1/usage/export?group_by=hour,live_stream,protocol', { key: world.apiKey });
    expect(csv.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    const [head, ...lines] = csv.text.trimEnd().split('\r\n');
    expect(head).toBe(Object.keys(all[0]!).join(','));
    expect(lines).toEqual(
      all.map((row) =>
        Object.values(row)
          .map((value) => value ?? '')
          .join(','),
      ),
    );
  });

  it('shows a tenant its own, the operator everything', async () => {
    const other = await makeWorld(gateway);
    await report(randomUUID(), { amount: 1 }, { tenantId: other.tenantId, streamId: other.streamId, amount: 2 });
    const operator = async (query: string) => (await gateway.ok('GET', `/v1/usage${query}`))['data'] as UsageAnswer[];
    expect((await only()).egress_bytes).toBe(1);
    expect((await gateway.call('GET', `/v1/usage?tenant_id=${other.tenantId}`, { key: world.apiKey })).status).toBe(
      404,
    );
    expect((await operator(`?tenant_id=${other.tenantId}`)).map(({ egress_bytes: bytes }) => bytes)).toEqual([2]);
    const byTenant = await operator('?group_by=tenant&limit=1000');
    const own = byTenant.filter(({ tenant_id: id }) => id === world.tenantId || id === other.tenantId);
    expect(own.map(({ egress_bytes: bytes }) => bytes).toSorted()).toEqual([1, 2]);
    expect((await operator(''))[0]).toMatchObject({ tenant_id: null });
    const key = await gateway.ok('POST', '/v1/api_keys', {
      body: { tenant_id: world.tenantId, name: 'no usage', scopes: ['live_streams:read'] },
    });
    for (const path of ['/v1/usage', '/v1/usage/export'])
      expect((await gateway.call('GET', path, { key: String(key['key']) })).status).toBe(403);
  });

  it.each([
    ['?group_by=hour,day', 'invalid_request'],
    ['?group_by=minute', 'invalid_request'],
    ['?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z', 'invalid_request'],
    ['?from=2020-01-01T00:00:00Z&to=2026-01-01T00:00:00Z', 'invalid_request'],
    ['?cursor=bm90aGluZw', 'invalid_cursor'],
    [`?cursor=${Buffer.from('[1,"x\' OR 1=1","",""]').toString('base64url')}`, 'invalid_cursor'],
    [`?cursor=${Buffer.from('[1e99,"","",""]').toString('base64url')}`, 'invalid_cursor'],
  ])('refuses %s', async (query, code) => {
    const answer = await gateway.call('GET', `/v1/usage${query}`, { key: world.apiKey });
    expect([answer.status, answer.body]).toEqual([400, expect.objectContaining({ code })]);
  });
});

describe('an hour that is over', () => {
  it('is one event with its numbers, from however many gateways, and never again', async () => {
    const hours = gateway.app.get(UsageHours, { strict: false });
    const hour = thisHour() - 1;
    await report(randomUUID(), { hour, amount: 5 }, { hour: hour - 1, amount: 6 }, { amount: 7 });
    const afterMs = (hour + 1) * HOUR_MS + 5 * 60_000;
    await Promise.all([hours.report(afterMs), hours.report(afterMs)]);
    await report(randomUUID(), { hour, amount: 1 });
    await hours.report(afterMs);
    const { data } = await gateway.ok('GET', '/v1/events?type=usage.recorded', { key: world.apiKey });
    const objects = (data as { data: { object: Record<string, unknown> } }[]).map((event) => event.data.object);
    expect(objects.map(({ from, egress_bytes: bytes }) => [from, bytes]).toSorted()).toEqual(
      [
        [new Date((hour - 1) * HOUR_MS).toISOString(), 6],
        [new Date(hour * HOUR_MS).toISOString(), 5],
      ].toSorted(),
    );
    expect(objects[0]).toMatchObject({ id: world.tenantId, viewer_seconds: 0 });
  });

  it('has one row of each kind a day later, of the same sum, and none when it is too old to be kept', async () => {
    const hours = gateway.app.get(UsageHours, { strict: false });
    const hour = thisHour();
    for (const amount of [1, 2, 4]) await report(randomUUID(), { hour, amount }, { hour, amount, protocol: 'ws-flv' });
    const rows = async (): Promise<unknown> =>
      postgres.query(
        `SELECT protocol, amount, source::text FROM usage_amounts WHERE tenant_id = '${world.tenantId}' ORDER BY 1, 2`,
      );
    const dayLaterMs = (hour + 26) * HOUR_MS;
    await Promise.all([hours.settle(dayLaterMs), hours.settle(dayLaterMs)]);
    const source = '00000000-0000-0000-0000-000000000000';
    expect(await rows()).toEqual([
      { protocol: 'hls', amount: 7, source },
      { protocol: 'ws_flv', amount: 7, source },
    ]);
    await hours.settle(dayLaterMs + 399 * 24 * HOUR_MS);
    expect(await rows()).toEqual([]);
  });

  it('says once an hour that relays have refused what exceeds a quota', async () => {
    const [one, two] = [randomUUID(), randomUUID()];
    const refusals = { kind: 'relay_refusals', streamId: undefined, protocol: undefined } as const;
    await report(one, { ...refusals, amount: 1 });
    await report(one, { ...refusals, amount: 9 });
    await report(two, { ...refusals, amount: 3 });
    const { data } = await gateway.ok('GET', '/v1/events?type=ice.quota_exceeded', { key: world.apiKey });
    expect(data).toHaveLength(1);
  });
});

/** What a socket that asks for these paths, one after another on one connection, has received. */
async function receivedBytes(paths: readonly string[], { hangUp = false, headers = '' } = {}): Promise<number> {
  const { port } = new URL(gateway.url);
  const socket = connect(Number(port), '127.0.0.1');
  let text = '';
  let received = 0;
  socket.on('data', (bytes) => {
    received += bytes.length;
    text = `${text}${bytes.toString('latin1')}`.slice(-100_000);
  });
  for (const [i, path] of paths.entries()) {
    const last = i === paths.length - 1;
    const before = received;
    socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n${headers}${last ? 'Connection: close\r\n' : ''}\r\n`);
    if (hangUp) {
      await until('it begins', () => received > before);
      socket.destroy();
      return received;
    }
    if (last) await new Promise((resolve) => socket.once('close', resolve));
    else await until('the answer is whole', () => isWhole(text) && received > before);
    text = '';
  }
  return received;
}

function isWhole(text: string): boolean {
  const end = text.indexOf('\r\n\r\n');
  const length = Number(/content-length: (\d+)/i.exec(text.slice(0, end))?.[1] ?? 0);
  return end !== -1 && text.length - end - 4 >= length;
}

const within = (counted: number, atSockets: number): void =>
  expect(Math.abs(counted - atSockets), `${counted} counted, ${atSockets} at the sockets`).toBeLessThanOrEqual(
    atSockets / 1_000,
  );

const SEGMENT_BYTES = 60_000;

describe('what viewers receive', () => {
  it('over HLS is what is counted: playlists, segments, parts, answers without a body, over connections that stay', async () => {
    const stream = await SampleStream.begin(gateway.liveStore, world.streamId, { segmentBytes: SEGMENT_BYTES });
    const names = [await stream.add(), await stream.add()];
    const path = (file: string): string => `/hls/${world.playbackId}/${file}`;
    const paths = ['master.m3u8', 'index.m3u8', ...names, 'index.m3u8', names[0]!].map(path);
    const { headers } = await gateway.call('GET', path('index.m3u8'), { key: '' });
    const before = await onlyOwn();
    let received = 0;
    for (let viewer = 0; viewer < 5; viewer++) received += await receivedBytes(paths);
    received += await receivedBytes([path(names[0]!)], { headers: 'Range: bytes=100-20099\r\n' });
    const watched = await onlyOwn();
    within(watched.egress_bytes - before.egress_bytes, received);
    expect(received).toBeGreaterThan(5 * 3 * SEGMENT_BYTES);
    expect(watched.viewer_seconds).toBeGreaterThanOrEqual(15);
    const tag = `If-None-Match: ${headers.get('etag')}\r\n`;
    const unchanged = await receivedBytes([path('index.m3u8')], { headers: tag });
    expect(unchanged).toBeLessThan(1_000);
    expect((await onlyOwn()).egress_bytes - watched.egress_bytes).toBe(unchanged);
  });

  it('is not counted when a client asks for a segment and hangs up', async () => {
    const segmentBytes = 8_000_000;
    const stream = await SampleStream.begin(gateway.liveStore, world.streamId, { segmentBytes });
    const path = `/hls/${world.playbackId}/${await stream.add()}`;
    for (let time = 0; time < 2; time++) await receivedBytes([path], { hangUp: true });
    expect((await onlyOwn()).egress_bytes).toBeLessThan(2 * segmentBytes * 0.75);
    const whole = await receivedBytes([path]);
    expect(whole).toBeGreaterThan(segmentBytes);
  });

  it.each(['http', 'ws'])('over %s FLV is what is counted, with what the transport adds', async (transport) => {
    const { epoch } = await publish(gateway, world.streamKey);
    const publisher = frameBus.openPublisher(world.streamId, epoch);
    const frame = { epoch, dts90k: 0, compositionOffset90k: 0, kind: FrameKind.video, codec: Codec.h264 };
    let sequence = 0;
    const put = (flags: number, bytes: number): void =>
      void publisher.publish({ ...frame, flags, sequence: ++sequence, payload: new Uint8Array(bytes) });
    put(FrameFlag.configuration, 40);
    put(FrameFlag.keyframe, 20_000);
    const upgrade =
      'Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
    const { port } = new URL(gateway.url);
    const socket = connect(Number(port), '127.0.0.1');
    let received = 0;
    socket.on('data', (bytes) => (received += bytes.length));
    const headers = transport === 'ws' ? upgrade : '';
    socket.write(`GET /live/${world.playbackId}.flv HTTP/1.1\r\nHost: x\r\n${headers}\r\n`);
    await until('it begins', () => received > 20_000);
    for (let n = 0; n < 400; n++) put(0, 1_500);
    await until('it has everything', () => received > 400 * 1_500 + 20_000);
    const usage = await onlyOwn();
    within(usage.egress_bytes, received);
    expect(usage.viewer_seconds).toBeGreaterThan(0);
    socket.destroy();
    const rows = await list('?group_by=protocol');
    expect(rows.filter(({ egress_bytes: bytes }) => bytes > 0).map(({ protocol }) => protocol)).toEqual([
      `${transport}_flv`,
    ]);
  });

  /** What this gateway has counted so far, recorded. */
  async function onlyOwn(): Promise<UsageAnswer> {
    await writer.recordOwn();
    return only();
  }
});

it('writes nothing while nothing is used', async () => {
  const ledger = gateway.app.get(UsageLedger, { strict: false });
  ledger.add({ tenantId: world.tenantId, kind: 'relay_bytes' }, 1);
  await writer.recordOwn();
  const newest = (): Promise<unknown> => postgres.query('SELECT max(xmin::text::bigint) AS newest FROM usage_amounts');
  const before = await newest();
  for (let round = 0; round < 3; round++) await writer.recordOwn();
  expect([ledger.collect(), await newest()]).toEqual([[], before]);
});

// The last one: the gateway of the others has lost its database too.
it('waits, bounded, while PostgreSQL is away, and is recorded when it is back', async () => {
  const url = await postgres.createDatabase('away');
  const other = await TestGateway.start({ databaseUrl: url });
  const made = await makeWorld(other);
  const ledger = other.app.get(UsageLedger, { strict: false });
  const itsWriter = other.app.get(UsageWriter, { strict: false });
  try {
    await postgres.stop('SIGQUIT');
    ledger.add({ tenantId: made.tenantId, kind: 'relay_bytes' }, 7);
    await itsWriter.recordOwn();
    const amount = { tenantId: made.tenantId, hour: thisHour(), kind: 'relay_bytes', amount: 1 } as const;
    expect(await itsWriter.record({ source: randomUUID(), amounts: [amount] })).toBe(false);
  } finally {
    await postgres.start();
  }
  await until('it is recorded', async () => {
    await itsWriter.recordOwn();
    return ledger.collect().length === 0;
  });
  const [usage] = (await other.ok('GET', '/v1/usage', { key: made.apiKey }))['data'] as UsageAnswer[];
  expect(usage?.relay_bytes).toBe(7);
  await other.close();
});
