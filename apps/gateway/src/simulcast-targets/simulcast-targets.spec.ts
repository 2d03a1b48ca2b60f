// Simulcast targets: what REST keeps of them, what edges are told, and what edges report.
import type { SimulcastTarget, SyncedStream, SyncTargetsAnswer, TargetReport } from '@millrace/control';
import { newId } from '@millrace/domain';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makeWorld } from '../testing/tenant-world.ts';
import type { World } from '../testing/tenant-world.ts';
import { TestGateway } from '../testing/test-gateway.ts';
import { TestPostgres } from '../testing/test-postgres.ts';

const TWITCH = { url: 'rtmp://live.twitch.tv/app', stream_key: 'live_1_secret' };
const MAX_PER_STREAM = 3;

let postgres: TestPostgres;
let gateway: TestGateway;
let world: World;
beforeAll(async () => {
  postgres = await TestPostgres.create();
  gateway = await TestGateway.start({
    databaseUrl: postgres.url(),
    env: {
      MILLRACE_MAX_SIMULCAST_TARGETS_PER_STREAM: String(MAX_PER_STREAM),
      MILLRACE_MAX_SIMULCAST_TARGETS_PER_TENANT: '4',
    },
  });
});
afterAll(async () => {
  await gateway.close();
  await postgres.remove();
});
beforeEach(async () => {
  world = await makeWorld(gateway);
});

const path = (streamId = world.streamId): string => `/v1/live_streams/${streamId}/simulcast_targets`;
const create = (body: object, streamId?: string) => gateway.call('POST', path(streamId), { key: world.apiKey, body });
const created = async (body: object = TWITCH): Promise<string> => {
  const answer = await gateway.ok('POST', path(), { key: world.apiKey, body });
  return String(answer['id']);
};
const read = (id: string) => gateway.ok('GET', `${path()}/${id}`, { key: world.apiKey });
const patch = (id: string, body: object) => gateway.call('PATCH', `${path()}/${id}`, { key: world.apiKey, body });

const sync = async (
  report: Partial<SyncedStream> = {},
  by = gateway.control,
): Promise<SyncTargetsAnswer['streams'][0]> => {
  const stream = { streamId: world.streamId, epoch: 1, isOver: false, targets: [], ...report };
  return (await by.syncTargets({ edgeId: 'edge-1', streams: [stream] }, 5_000))?.streams[0] ?? null;
};
const report = (targetId: string, changes: Partial<TargetReport>): TargetReport => ({
  targetId,
  state: 'connecting',
  bytes: 0,
  ...changes,
});
const eventsOf = async (): Promise<{ type: string; data: { object: Record<string, unknown> } }[]> => {
  const page = await gateway.ok('GET', '/v1/events?limit=100', { key: world.apiKey });
  const events = page['data'] as { type: string; data: { object: Record<string, unknown> } }[];
  return events.filter(({ type }) => type.startsWith('simulcast_target.')).reverse();
};

describe('the address of a target', () => {
  it.each([
    [
      { url: 'rtmp://a.rtmp.youtube.com/live2', stream_key: 'abcd-1234' },
      'rtmp://a.rtmp.youtube.com/live2',
      'abcd-1234',
    ],
    [
      { url: 'rtmps://a.rtmps.youtube.com/live2', stream_key: 'abcd-1234' },
      'rtmps://a.rtmps.youtube.com/live2',
      'abcd-1234',
    ],
    [{ url: 'rtmp://live.twitch.tv/app/live_1_x' }, 'rtmp://live.twitch.tv/app', 'live_1_x'],
    [
      { url: 'rtmps://live-api-s.facebook.com:443/rtmp/', stream_key: 'FB-1-0-A?s_bl=1&s_psm=1' },
      'rtmps://live-api-s.facebook.com:443/rtmp',
      'FB-1-0-A?s_bl=1&s_psm=1',
    ],
  ])('%j is taken as services give it, and the key is told to edges alone', async (body, url, streamKey) => {
    const answer = await create(body);
    expect([answer.status, answer.body]).toMatchObject([
      201,
      { url, enabled: true, state: 'idle', bytes_sent: 0, last_error: null, connected_at: null },
    ]);
    expect(answer.text).not.toContain(streamKey);
    expect(await sync()).toMatchObject([{ url, streamKey }]);
    const audit = await gateway.call('GET', '/v1/audit_events', { key: world.apiKey });
    const events = JSON.stringify(await eventsOf());
    for (const text of [audit.text, events]) expect(text).not.toContain(streamKey);
    const rows = await postgres.query('SELECT * FROM simulcast_targets');
    expect(JSON.stringify(rows)).not.toContain(streamKey);
  });

  it.each([
    [
      { url: 'https://example.com/app', stream_key: 'x' },
      '/url',
      'begins with rtmp://, rtmps://, srt://, rtsp:// or rtsps://',
    ],
    [{ url: 'rtmp://127.0.0.1/app', stream_key: 'x' }, '/url', '127.0.0.1 is not a public address'],
    [{ url: 'rtmp://2130706433/app', stream_key: 'x' }, '/url', '127.0.0.1 is not a public address'],
    [{ url: 'rtmp://localhost/app', stream_key: 'x' }, '/url', 'must not name this server'],
    [{ url: 'rtmp://[::1]/app', stream_key: 'x' }, '/url', '::1 is not a public address'],
    [{ url: 'rtmp://user:word@example.com/app', stream_key: 'x' }, '/url', 'must not contain a user name or password'],
    [{ url: 'rtmp://example.com/app' }, '/stream_key', 'is required, unless the address ends with it'],
    [{ url: 'rtmp://example.com/app', stream_key: 'a b' }, '/stream_key', 'must be visible characters'],
    [{ url: 'rtmp://example.com', stream_key: 'x' }, '/url', 'must contain an application'],
    [{ url: `rtmp://example.com/${'ü'.repeat(300)}`, stream_key: 'x' }, '/url', 'at most 1000 characters long in its'],
    [
      { url: `rtmp://example.com/app/${'k'.repeat(501)}` },
      '/url',
      'the stream key at its end: must be at most 500 characters',
    ],
    [{ url: 'rtmp://example.com/app/a b' }, '/url', 'the stream key at its end: must be visible characters'],
    [{ url: 'rtmp://example.com/app/a%0D%0Ab' }, '/url', 'the stream key at its end: must be visible characters'],
    [{ url: 'srt://127.0.0.1:8890?streamid=x' }, '/url', '127.0.0.1 is not a public address'],
    [{ url: 'srt://example.com?streamid=x' }, '/url', 'must name a port'],
    [{ url: 'srt://example.com:9?streamid=%00' }, '/url', 'must not contain control characters in its query'],
    [{ url: 'rtsp://h:0/live/x' }, '/url', 'must have a port of 1 to 65535'],
    [{ url: 'rtmp://a\ud800b/live/x' }, '/url', 'must not contain half of a surrogate pair in its host'],
    [{ url: 'srt://example.com:1?mode=listener' }, '/url', 'must not have another mode than caller'],
    [{ url: 'srt://example.com:1?passphrase=short' }, '/url', 'a passphrase that is shorter than 10 bytes'],
    [{ url: 'srt://example.com:1', passphrase: 'short' }, '/passphrase', 'must be 10 to 79 bytes long'],
    [{ url: 'srt://example.com:1?latency=9000' }, '/url', 'must have a latency of at most 8000 ms'],
    [{ url: 'srt://example.com:1?streamid=a b' }, '/url', 'must not contain blanks in its query'],
    [{ url: 'srt://example.com:1?streamid=a%20b' }, '/url', 'the stream key at its end: must be visible characters'],
    [{ url: 'srt://example.com:1', username: 'x' }, '/username', 'is of rtsp:// and rtsps:// only'],
    [{ url: 'rtsp://2130706433/live/x' }, '/url', '127.0.0.1 is not a public address'],
    [{ url: 'rtsp://example.com' }, '/stream_key', 'is required, unless the address ends with it'],
    [{ url: 'rtsp://example.com/live/a%0D%0Ab' }, '/url', 'must not contain control characters in its path'],
    [{ url: 'rtsp://example.com/live/x', passphrase: 'long enough' }, '/passphrase', 'is of srt:// only'],
    [
      { url: 'rtsp://u:%0d%0a@example.com/live/x' },
      '/url',
      'in its user name or password, percent-encoded ones included',
    ],
    [{ url: 'rtsp://example.com/live/x', password: 'a\n' }, '/password', 'without control characters'],
    [{ url: 'rtsp://example.com/live/x', password: '\ud800' }, '/password', 'and halves of surrogate pairs'],
    [{ url: 'rtmp://example.com/app', stream_key: 'a%7fb' }, '/stream_key', 'must be visible characters'],
  ])('%j is refused', async (body, pointer, detail) => {
    const answer = await create(body);
    expect([answer.status, answer.body]).toMatchObject([
      400,
      { errors: [{ pointer, detail: expect.stringContaining(detail) as string }] },
    ]);
  });

  it.each([
    [
      {
        url: 'srt://ingest.example.com:8890?streamid=publish:live_1_x&passphrase=long+enough&latency=200000&mode=caller',
      },
      'srt://ingest.example.com:8890?latency=200',
      { streamKey: 'publish:live_1_x', login: { passphrase: 'long+enough' } },
    ],
    [
      { url: 'srt://ingest.example.com:8890?streamid=#!::r=live_1_x,m=publish&pkbeylen=x', passphrase: 'long enough' },
      'srt://ingest.example.com:8890',
      { streamKey: '#!::r=live_1_x,m=publish', login: { passphrase: 'long enough' } },
    ],
    [{ url: 'srt://ingest.example.com:8890' }, 'srt://ingest.example.com:8890', { streamKey: '' }],
    [
      { url: 'rtsp://encoder:pa%2Fss@ingest.example.com:8554/live/stream_1_x?a=b' },
      'rtsp://ingest.example.com:8554/live',
      { streamKey: 'stream_1_x?a=b', login: { username: 'encoder', password: 'pa/ss' } },
    ],
    [
      { url: 'rtsps://ingest.example.com/', stream_key: 'stream_1_x', username: 'encoder', password: 'secret-word' },
      'rtsps://ingest.example.com',
      { streamKey: 'stream_1_x', login: { username: 'encoder', password: 'secret-word' } },
    ],
  ])('%j is shown without secrets, and they are told to edges alone', async (body, url, secrets) => {
    const answer = await create(body);
    expect([answer.status, answer.body]).toMatchObject([201, { url }]);
    const [told] = (await sync()) as readonly SimulcastTarget[];
    expect(told).toMatchObject({ url, ...secrets });
    const audit = await gateway.call('GET', '/v1/audit_events', { key: world.apiKey });
    const rows = await postgres.query('SELECT * FROM simulcast_targets');
    const shown = [answer.text, audit.text, JSON.stringify(await eventsOf()), JSON.stringify(rows)].join();
    const { username: _, ...hidden } = told?.login ?? {};
    for (const text of [secrets.streamKey, ...Object.values(hidden)]) if (text) expect(shown).not.toContain(text);
  });

  it('keeps of its secrets what is not changed, and removes what is set to null', async () => {
    const id = await created({ url: 'rtsp://encoder:word@example.com/live/first' });
    await patch(id, { stream_key: 'second' });
    expect(await sync()).toMatchObject([{ streamKey: 'second', login: { username: 'encoder', password: 'word' } }]);
    await patch(id, { password: 'other' });
    expect(await sync()).toMatchObject([{ streamKey: 'second', login: { username: 'encoder', password: 'other' } }]);
    await patch(id, { username: null, password: null });
    expect(await sync()).toEqual([expect.not.objectContaining({ login: expect.anything() as unknown })]);
    expect((await patch(id, { passphrase: 'long enough' })).body).toMatchObject({
      errors: [{ pointer: '/passphrase' }],
    });
    // Nothing that was given with one address is sent to another.
    await patch(id, { password: 'word' });
    await patch(id, { url: 'rtsp://other.example.com/live', stream_key: 'third' });
    const [moved] = (await sync()) as readonly SimulcastTarget[];
    expect([moved?.streamKey, moved?.login]).toEqual(['third', undefined]);
  });

  it('may not be changed without the key: it would be sent to another server', async () => {
    const id = await created();
    expect((await patch(id, { url: 'rtmp://other.example/app' })).status).toBe(400);
    expect(await sync()).toMatchObject([TWITCH].map(({ url, stream_key: streamKey }) => ({ url, streamKey })));
    const moved = await patch(id, { url: 'rtmp://other.example/app', stream_key: 'new' });
    expect(moved.body).toMatchObject({ url: 'rtmp://other.example/app' });
    expect(await sync()).toMatchObject([{ url: 'rtmp://other.example/app', streamKey: 'new' }]);
  });
});

describe('the targets of a stream', () => {
  it('are told to its edge while they are enabled, and edges are told of each change', async () => {
    const heard = gateway.ears.heard.targetChanges;
    const before = heard.length;
    const id = await created();
    const [first] = (await sync()) as readonly SimulcastTarget[];
    expect(first).toMatchObject({ targetId: id });
    await patch(id, { name: 'renamed' });
    // Another name is no reason to connect anew, another key is.
    expect(await sync()).toEqual([first]);
    await patch(id, { stream_key: 'other' });
    const [second] = (await sync()) as readonly SimulcastTarget[];
    expect(second?.version).not.toBe(first?.version);
    expect((await patch(id, { enabled: false })).body).toMatchObject({ state: 'disabled' });
    expect(await sync()).toEqual([]);
    await patch(id, { enabled: true });
    expect(await sync()).toHaveLength(1);
    await gateway.ok('DELETE', `${path()}/${id}`, { key: world.apiKey });
    expect(await sync()).toEqual([]);
    await expect.poll(() => heard.slice(before)).toHaveLength(6);
    expect(heard.slice(before).every(({ streamId }) => streamId === world.streamId)).toBe(true);
    expect((await eventsOf()).map(({ type }) => type)).toEqual([
      'simulcast_target.created',
      ...Array.from({ length: 4 }, () => 'simulcast_target.updated'),
      'simulcast_target.deleted',
    ]);
  });

  it('that are longer than edges take cost no other target', async () => {
    const [long, short] = [await created(), await created()];
    // A release before this one kept such addresses.
    const url = `rtmp://example.com/${'%C3%BC'.repeat(300)}`;
    await postgres.query(`UPDATE simulcast_targets SET url = '${url}' WHERE id = '${long}'`);
    expect(await sync()).toMatchObject([{ targetId: short }]);
  });

  it('whose secrets cannot be opened cost no other target', async () => {
    const [broken, whole] = [await created(), await created()];
    await postgres.query(`UPDATE simulcast_targets SET sealed = '\\x00' WHERE id = '${broken}'`);
    expect(await sync()).toMatchObject([{ targetId: whole }]);
  });

  it('are limited, for a stream and for a tenant', async () => {
    for (let i = 0; i < MAX_PER_STREAM; i++) await created();
    expect((await create(TWITCH)).body).toMatchObject({
      code: 'quota_exceeded',
      detail: 'A live stream can have at most 3 simulcast targets.',
    });
    const other = await gateway.ok('POST', '/v1/live_streams', { key: world.apiKey, body: { name: 'another' } });
    expect((await create(TWITCH, String(other['id']))).status).toBe(201);
    expect((await create(TWITCH, String(other['id']))).body).toMatchObject({
      code: 'quota_exceeded',
      detail: 'A tenant can have at most 4 simulcast targets.',
    });
  });

  it('are listed in pages, the newest first', async () => {
    const ids = [await created(), await created(), await created()];
    const first = await gateway.ok('GET', `${path()}?limit=2`, { key: world.apiKey });
    const second = await gateway.ok('GET', `${path()}?limit=2&cursor=${String(first['next_cursor'])}`, {
      key: world.apiKey,
    });
    const listed = [first, second].flatMap((page) => (page['data'] as { id: string }[]).map(({ id }) => id));
    expect(listed).toEqual(ids.reverse());
  });
});

describe('what an edge reports of a target', () => {
  it('is shown, and makes one event for each connection and for each outage', async () => {
    const id = await created();
    const fault = { code: 'unreachable', message: 'nothing listens there', atMs: 2_000, sinceMs: 2_000 };
    const targets = (changes: Partial<TargetReport>) => ({ targets: [report(id, changes)] });
    await sync(targets({ state: 'connected', bytes: 100, connectedAtMs: 1_000 }));
    expect(await read(id)).toMatchObject({
      state: 'connected',
      bytes_sent: 100,
      connected_at: '1970-01-01T00:00:01.000Z',
      last_error: null,
    });
    await sync(targets({ state: 'waiting', bytes: 150, fault }));
    await sync(targets({ state: 'waiting', bytes: 150, fault: { ...fault, atMs: 3_000 } }));
    expect(await read(id)).toMatchObject({
      state: 'waiting',
      bytes_sent: 150,
      connected_at: null,
      last_error: { code: 'unreachable', message: 'nothing listens there', at: '1970-01-01T00:00:03.000Z' },
    });
    await sync(targets({ state: 'connected', bytes: 200, connectedAtMs: 4_000, fault: { ...fault, atMs: 3_000 } }));
    await sync({ ...targets({ state: 'connected', bytes: 250, connectedAtMs: 4_000 }), isOver: true });
    expect(await read(id)).toMatchObject({ state: 'idle', bytes_sent: 250, connected_at: null });
    const events = (await eventsOf()).slice(1);
    expect(events.map(({ type, data }) => [type, data.object['error']])).toEqual([
      ['simulcast_target.connected', undefined],
      ['simulcast_target.failed', { code: 'unreachable', message: 'nothing listens there' }],
      ['simulcast_target.connected', undefined],
    ]);
  });

  it('adds up over publishers, and a publisher that was followed by another one changes nothing', async () => {
    const id = await created();
    const bytes = (count: number, epoch: number) => sync({ epoch, targets: [report(id, { bytes: count })] });
    await bytes(100, 1);
    await bytes(100, 1);
    await bytes(30, 2);
    await bytes(900, 1);
    await bytes(40, 2);
    expect((await read(id))['bytes_sent']).toBe(140);
  });

  it('costs other reports nothing if it is malformed', async () => {
    const [bad, good] = [await created(), await created()];
    const fault = { code: 'refused', message: 'x'.repeat(501), atMs: 1, sinceMs: 1 };
    const targets = [report(bad, { bytes: 5, fault }), report(good, { bytes: 7 })];
    expect(await sync({ targets })).toHaveLength(2);
    expect([(await read(bad))['bytes_sent'], (await read(good))['bytes_sent']]).toEqual([0, 7]);
  });

  it('of another stream is not taken', async () => {
    const id = await created();
    const other = await gateway.ok('POST', '/v1/live_streams', { key: world.apiKey, body: { name: 'another' } });
    await sync({ streamId: String(other['id']), targets: [report(id, { bytes: 5, state: 'connected' })] });
    expect(await read(id)).toMatchObject({ state: 'idle', bytes_sent: 0 });
  });

  it('does not change its entity tag', async () => {
    const id = await created();
    const tag = async () => (await gateway.call('GET', `${path()}/${id}`)).headers.get('etag');
    const before = await tag();
    await sync({ targets: [report(id, { state: 'connected', bytes: 1, connectedAtMs: 1 })] });
    expect(await tag()).toBe(before);
  });
});

describe('while the database is away', () => {
  it('edges are told what is remembered, and of what is not, nothing rather than that there is none', async () => {
    await created();
    await postgres.stop();
    try {
      expect(await sync()).toHaveLength(1);
      expect(await sync({ streamId: newId('str') })).toBeNull();
    } finally {
      await postgres.start();
    }
  });
});
