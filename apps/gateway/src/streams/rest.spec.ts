// What tenants and operators do by REST, from making a tenant to deleting it.
import { isSecretKey } from '@millrace/domain';
import { decodeAmf0 } from '@millrace/protocol/amf0';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeWorld, publish, until } from '../testing/tenant-world.ts';
import type { World } from '../testing/tenant-world.ts';
import { TestGateway } from '../testing/test-gateway.ts';
import type { Answer } from '../testing/test-gateway.ts';
import { ExpiringKeys } from '../stream-keys/expiring-keys.ts';
import { TestPostgres } from '../testing/test-postgres.ts';

let postgres: TestPostgres;
let gateway: TestGateway;
let world: World;

beforeAll(async () => {
  postgres = await TestPostgres.create();
  const env = {
    MILLRACE_MAX_KEYS_PER_STREAM: '3',
    MILLRACE_MAX_PLAYBACK_IDS_PER_STREAM: '2',
    MILLRACE_MAX_STREAMS_PER_TENANT: '30',
    MILLRACE_MAX_API_KEYS_PER_TENANT: '2',
    MILLRACE_PUBLIC_URL: 'https://live.example/',
    MILLRACE_PUBLIC_RTMP_URL: 'rtmp://live.example/live',
    MILLRACE_PUBLIC_RTMPS_URL: 'rtmps://live.example:443/live',
    MILLRACE_PUBLIC_RTSP_URL: 'rtsp://live.example:8554/live',
    MILLRACE_PUBLIC_SRT_URL: 'srt://live.example:8890',
  };
  gateway = await TestGateway.start({ databaseUrl: postgres.url(), env });
  world = await makeWorld(gateway);
});
afterAll(async () => {
  await gateway.close();
  await postgres.remove();
});

const HOUR_MS = 60 * 60_000;
const codeOf = ({ body }: Answer): unknown => (body as { code?: unknown }).code;
const own = (method: string, path: string, body?: unknown, of = world) =>
  gateway.ok(method, path, { key: of.apiKey, body });

describe('what a tenant keeps with a stream', () => {
  it('is given back, replaced as a whole, and bounded', async () => {
    const mine = await makeWorld(gateway);
    const path = `/v1/live_streams/${mine.streamId}`;
    const change = (body: object) => own('PATCH', path, body, mine);
    expect(await own('GET', path, undefined, mine)).toMatchObject({ metadata: {}, max_duration_seconds: null });
    const made = await own('POST', '/v1/live_streams', { name: 'kept', metadata: { show: 'x', ünï: '🎥' } }, mine);
    expect(made).toMatchObject({ metadata: { show: 'x', ünï: '🎥' }, max_duration_seconds: null });
    const changed = await change({ metadata: { other: 'y' }, max_duration_seconds: 3_600 });
    expect(changed).toMatchObject({ metadata: { other: 'y' }, max_duration_seconds: 3_600, name: 'a stream' });
    expect(await change({ max_duration_seconds: null })).toMatchObject({
      metadata: { other: 'y' },
      max_duration_seconds: null,
    });
    const many = Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`k${i}`, '']));
    for (const metadata of [many, { '': 'x' }, { x: 'y'.repeat(501) }, { x: '\u0000' }, { x: 1 }, null, []])
      expect((await gateway.call('PATCH', path, { key: mine.apiKey, body: { metadata } })).status).toBe(400);
  });
});

describe('tenants', () => {
  it('are made, read, changed, suspended, resumed and deleted by the operator', async () => {
    const made = await gateway.ok('POST', '/v1/tenants', { body: { name: 'acme', max_live_streams: 3 } });
    expect(made).toMatchObject({ name: 'acme', status: 'active', max_live_streams: 3 });
    const path = `/v1/tenants/${String(made['id'])}`;
    expect(await gateway.ok('GET', path)).toEqual(made);
    const changed = await gateway.ok('PATCH', path, { body: { max_live_streams: 5 } });
    expect(changed).toMatchObject({ name: 'acme', max_live_streams: 5, created_at: made['created_at'] });
    expect(await gateway.ok('POST', `${path}/suspend`)).toMatchObject({ status: 'suspended' });
    expect(await gateway.ok('POST', `${path}/resume`)).toMatchObject({ status: 'active' });
    expect((await gateway.call('DELETE', `${path}?purge=true`)).status).toBe(204);
    expect((await gateway.call('GET', path)).status).toBe(404);
  });

  it('are kept for a time when they are deleted, among the deleted ones, and come back suspended', async () => {
    const other = await makeWorld(gateway);
    const path = `/v1/tenants/${other.tenantId}`;
    const listed = async (query: string): Promise<boolean> =>
      ((await gateway.ok('GET', `/v1/tenants?limit=100${query}`))['data'] as { id: string }[]).some(
        ({ id }) => id === other.tenantId,
      );
    expect(await gateway.ok('POST', `${path}/restore`)).toMatchObject({ status: 'active' });
    await gateway.ok('DELETE', path);
    const deleted = await gateway.ok('GET', path);
    expect(deleted['status']).toBe('deleted');
    const keptMs = Date.parse(String(deleted['purge_at'])) - Date.parse(String(deleted['deleted_at']));
    expect(keptMs).toBe(7 * 24 * 60 * 60_000);
    expect([await listed(''), await listed('&status=suspended'), await listed('&status=deleted')]).toEqual([
      false,
      false,
      true,
    ]);
    // Deleting it again does not give it more time.
    await gateway.ok('DELETE', path);
    expect((await gateway.ok('GET', path))['purge_at']).toBe(deleted['purge_at']);
    expect((await gateway.call('GET', '/v1/live_streams', { key: other.apiKey })).status).toBe(401);
    for (const [method, at, body] of [
      ['POST', `${path}/resume`, undefined],
      ['PATCH', path, { name: 'x' }],
    ] as const)
      expect(codeOf(await gateway.call(method, at, { body })), at).toBe('conflict');
    const made = await gateway.call('POST', '/v1/api_keys', { body: { tenant_id: other.tenantId, name: 'late' } });
    expect(made).toMatchObject({ status: 400, body: { errors: [{ pointer: '/tenant_id' }] } });
    expect(await gateway.ok('POST', `${path}/restore`)).toMatchObject({
      status: 'suspended',
      deleted_at: null,
      purge_at: null,
    });
    await gateway.ok('POST', `${path}/resume`);
    expect((await gateway.call('GET', '/v1/live_streams', { key: other.apiKey })).status).toBe(200);
    expect([await listed(''), await listed('&status=active')]).toEqual([true, true]);
  });

  it('lose their keys while suspended, and for good when deleted', async () => {
    const other = await makeWorld(gateway);
    const ask = () => gateway.call('GET', '/v1/live_streams', { key: other.apiKey });
    await gateway.ok('POST', `/v1/tenants/${other.tenantId}/suspend`);
    expect([(await ask()).status, (await ask()).body]).toMatchObject([403, { code: 'tenant_suspended' }]);
    await gateway.ok('POST', `/v1/tenants/${other.tenantId}/resume`);
    expect((await ask()).status).toBe(200);
    await gateway.ok('DELETE', `/v1/tenants/${other.tenantId}`);
    expect((await ask()).status).toBe(401);
  });
});

describe('API keys', () => {
  it('show their secret once, and stop working when they are deleted or expire', async () => {
    const other = await makeWorld(gateway);
    const body = { tenant_id: other.tenantId, name: 'deploy' };
    const made = await gateway.ok('POST', '/v1/api_keys', { body });
    const secret = String(made['key']);
    expect(isSecretKey('mr_sk', secret)).toBe(true);
    expect(secret.endsWith(String(made['hint']))).toBe(true);
    const path = `/v1/api_keys/${String(made['id'])}`;
    for (const read of [await gateway.ok('GET', path), await gateway.ok('GET', '/v1/api_keys')])
      expect(JSON.stringify(read)).not.toContain(secret);
    await gateway.ok('GET', '/v1/tenants', { key: secret });
    const used = await until(
      'the use is noted',
      async () => ((await gateway.ok('GET', path))['last_used_at'] as string | null) ?? undefined,
    );
    expect(Date.parse(used)).toBeLessThanOrEqual(Date.now());
    await gateway.ok('DELETE', path);
    expect((await gateway.call('GET', '/v1/tenants', { key: secret })).status).toBe(401);
    const endsAt = new Date(Date.now() + 1_500).toISOString();
    const ending = String((await gateway.ok('POST', '/v1/api_keys', { body: { ...body, expires_at: endsAt } }))['key']);
    expect((await gateway.call('GET', '/v1/tenants', { key: ending })).status).toBe(200);
    await until('it has expired', async () => {
      const { status } = await gateway.call('GET', '/v1/tenants', { key: ending });
      return status === 401 && Date.now() >= Date.parse(endsAt);
    });
    const expired = await gateway.call('GET', '/v1/tenants', { key: ending });
    expect([codeOf(expired), expired.text.includes(ending)]).toEqual(['key_expired', false]);
  });

  it('are so many and no more, and belong to a tenant that exists', async () => {
    const other = await makeWorld(gateway);
    const body = { tenant_id: other.tenantId, name: 'x' };
    await gateway.ok('POST', '/v1/api_keys', { body });
    expect((await gateway.call('POST', '/v1/api_keys', { body })).body).toMatchObject({ code: 'quota_exceeded' });
    const nobody = { tenant_id: 'ten_00000000000000000000000000', name: 'x' };
    expect((await gateway.call('POST', '/v1/api_keys', { body: nobody })).body).toMatchObject({
      errors: [{ pointer: '/tenant_id' }],
    });
  });

  it('are kept nowhere in clear', async () => {
    const rows = await postgres.query(
      `SELECT row_to_json(api_keys)::text AS a, encode(hash, 'escape') AS h FROM api_keys`,
    );
    expect(JSON.stringify(rows)).not.toContain(world.apiKey);
    const keys = await postgres.query(`SELECT row_to_json(stream_keys)::text AS a FROM stream_keys`);
    expect(JSON.stringify(keys)).not.toContain(world.streamKey);
  });
});

describe('live streams', () => {
  it('come with defaults, addresses and a playback id', async () => {
    const stream = await own('POST', '/v1/live_streams', { name: 'Grüße, 世界' });
    const [playback] = stream['playback_ids'] as Record<string, unknown>[];
    expect(stream).toMatchObject({
      tenant_id: world.tenantId,
      name: 'Grüße, 世界',
      enabled: true,
      status: 'idle',
      active_session_id: null,
      segment_target_seconds: 2,
      playlist_window_seconds: 30,
      reconnect_window_seconds: 10,
      latency_mode: 'standard',
      part_duration_seconds: 0.5,
      second_publisher: 'refuse',
      last_error: null,
      ingest: {
        server: 'rtmp://live.example/live',
        url_template: 'rtmp://live.example/live/{stream_key}',
        rtmp_url: 'rtmp://live.example/live',
        rtmps_url: 'rtmps://live.example:443/live',
        rtsp_url: 'rtsp://live.example:8554/live',
        srt_url: 'srt://live.example:8890?streamid=publish:',
        key_hint: null,
      },
    });
    const id = String(playback?.['id']);
    expect(playback).toMatchObject({
      playback_url: `https://live.example/hls/${id}/index.m3u8`,
      dash_url: `https://live.example/dash/${id}/manifest.mpd`,
      rtmp_url: `rtmp://live.example/play/${id}`,
      rtsp_url: `rtsp://live.example:8554/play/${id}`,
      srt_url: `srt://live.example:8890?streamid=play:${id}`,
      watch_url: `https://live.example/watch/${id}`,
    });
    expect(await own('GET', `/v1/playback/${id}`)).toEqual({
      id,
      live_stream_id: stream['id'],
      policy: 'public',
      status: 'idle',
      media: null,
      urls: {
        hls: `https://live.example/hls/${id}/index.m3u8`,
        dash: `https://live.example/dash/${id}/manifest.mpd`,
        flv: `https://live.example/live/${id}.flv`,
        rtmp: `rtmp://live.example/play/${id}`,
        rtsp: `rtsp://live.example:8554/play/${id}`,
        srt: `srt://live.example:8890?streamid=play:${id}`,
        watch: `https://live.example/watch/${id}`,
      },
    });
  });

  it('keep what a change does not name', async () => {
    const stream = await own('POST', '/v1/live_streams', {
      name: 'x',
      reconnect_window_seconds: 0.5,
      second_publisher: 'takeover',
      latency_mode: 'low',
    });
    const path = `/v1/live_streams/${String(stream['id'])}`;
    const changed = await own('PATCH', path, { name: 'y', segment_target_seconds: 1.5 });
    expect(changed).toMatchObject({
      name: 'y',
      segment_target_seconds: 1.5,
      reconnect_window_seconds: 0.5,
      latency_mode: 'low',
      part_duration_seconds: 0.5,
      second_publisher: 'takeover',
    });
    expect(await own('GET', path)).toEqual(changed);
    const [playback] = stream['playback_ids'] as { id: string; playback_url: string }[];
    expect(playback!.playback_url).toBe(`https://live.example/hls/${playback!.id}/master.m3u8`);
    const standard = await own('PATCH', path, { latency_mode: 'standard' });
    expect(standard['playback_ids']).toMatchObject([
      { playback_url: `https://live.example/hls/${playback!.id}/index.m3u8` },
    ]);
  });

  it.each([
    { latency_mode: 'ultra' },
    { part_duration_seconds: 0.1 },
    { part_duration_seconds: 1.1 },
    { latency_mode: 'low', encryption: 'aes-128' },
    { segment_target_seconds: 0 },
    { segment_target_seconds: 21 },
    { playlist_window_seconds: 5 },
    { reconnect_window_seconds: 1801 },
    { second_publisher: 'both' },
    { enabled: false },
    { status: 'active' },
    { created_at: '2020-01-01T00:00:00Z' },
  ])('refuse %j', async (fields) => {
    const answer = await gateway.call('POST', '/v1/live_streams', {
      key: world.apiKey,
      body: { name: 'x', ...fields },
    });
    const [pointer] = Object.keys(fields).map((name) => `/${name}`);
    expect([answer.status, answer.body]).toMatchObject([400, { errors: [{ pointer }] }]);
  });

  it('name their tracks of sound, each once, in languages that there are', async () => {
    const named = [{ track: 0, name: 'Deutsch', language: 'de' }, { track: 1, language: 'pt-BR' }, { track: 2 }];
    const stream = await own('POST', '/v1/live_streams', { name: 'x', audio_tracks: named });
    expect(stream['audio_tracks']).toEqual(named);
    const path = `/v1/live_streams/${String(stream['id'])}`;
    expect((await own('PATCH', path, { name: 'y' }))['audio_tracks']).toEqual(named);
    expect((await own('PATCH', path, { audio_tracks: [] }))['audio_tracks']).toEqual([]);
    for (const tracks of [
      [{ track: 256 }],
      [{ track: 0, language: 'english' }],
      [{ track: 0, language: 'no such tag' }],
      [{ track: 0, name: 'a "quoted" one' }],
      [{ track: 1, name: 'main' }],
      [{ track: 1, name: 'track 2' }],
      [{ track: 1 }, { track: 1 }],
      [
        { track: 1, name: 'a' },
        { track: 2, name: 'a' },
      ],
      Array.from({ length: 17 }, (_, track) => ({ track })),
    ]) {
      const { status, body } = await gateway.call('PATCH', path, { key: world.apiKey, body: { audio_tracks: tracks } });
      expect([status, body], JSON.stringify(tracks)).toMatchObject([400, { code: 'invalid_request' }]);
    }
  });

  it('are made by the operator for a tenant that it names', async () => {
    const stream = await gateway.ok('POST', '/v1/live_streams', { body: { name: 'x', tenant_id: world.tenantId } });
    expect(await own('GET', `/v1/live_streams/${String(stream['id'])}`)).toMatchObject({ tenant_id: world.tenantId });
    expect((await gateway.call('POST', '/v1/live_streams', { body: { name: 'x' } })).status).toBe(400);
  });

  it('tell what they are doing', async () => {
    const live = await makeWorld(gateway);
    const path = `/v1/live_streams/${live.streamId}`;
    const status = async (): Promise<unknown> => (await own('GET', path, undefined, live))['status'];
    const claim = await publish(gateway, live.streamKey);
    expect(await own('GET', path, undefined, live)).toMatchObject({
      status: 'connected',
      active_session_id: claim.sessionId,
    });
    gateway.control.sessionActive({ ...claim, activeAtMs: Date.now() });
    await until('it is active', async () => (await status()) === 'active');
    await gateway.liveStore.releaseClaim(claim);
    expect(await status()).toBe('reconnecting');
    await own('POST', `${path}/disable`, undefined, live);
    expect(await status()).toBe('disabled');
  });

  it('are so many and no more', async () => {
    const other = await makeWorld(gateway);
    const make = () => gateway.call('POST', '/v1/live_streams', { key: other.apiKey, body: { name: 'x' } });
    const statuses = (await Promise.all(Array.from({ length: 35 }, make))).map(({ status }) => status);
    expect(statuses.filter((status) => status === 201)).toHaveLength(29);
    expect((await make()).body).toMatchObject({ code: 'quota_exceeded' });
  });

  it('come in pages, newest first, none twice, none left out', async () => {
    const other = await makeWorld(gateway);
    const made = [other.streamId];
    for (let i = 0; i < 6; i++)
      made.push(String((await own('POST', '/v1/live_streams', { name: `${i}` }, other))['id']));
    const seen: string[] = [];
    let next: string | null = '';
    for (let pages = 0; next !== null && pages < 10; pages++) {
      const page = await own(
        'GET',
        `/v1/live_streams?limit=3${next === '' ? '' : `&cursor=${next}`}`,
        undefined,
        other,
      );
      seen.push(...(page['data'] as { id: string }[]).map(({ id }) => id));
      next = page['next_cursor'] as string | null;
      expect(page['has_more']).toBe(next !== null);
      // What comes in between changes nothing.
      await own('POST', '/v1/live_streams', { name: 'late' }, other);
    }
    expect(seen).toEqual([...made].sort().reverse());
  });
});

describe('timed metadata', () => {
  const put = (of: World, body: unknown, headers = {}) =>
    gateway.call('POST', `/v1/live_streams/${of.streamId}/timed_metadata`, { key: of.apiKey, body, headers });

  it('goes to the edge that the publisher is connected to, as a data message, and is answered when the log has it', async () => {
    const mine = await makeWorld(gateway);
    const { heard } = gateway.ears;
    const offline = await put(mine, { data: { text: 'early' } });
    expect([offline.status, codeOf(offline), offline.headers.get('retry-after')]).toEqual([404, 'stream_offline', '1']);
    const claim = await publish(gateway, mine.streamKey);
    heard.metadata.length = 0;
    const data = { text: 'Grüße', more: [1, true, null, { deep: [] }] };
    const written = await put(mine, { name: 'onTextData', data });
    expect([written.status, written.body]).toEqual([
      200,
      {
        live_stream_id: mine.streamId,
        session_id: claim.sessionId,
        name: 'onTextData',
        written_at: expect.any(String) as string,
      },
    ]);
    expect(heard.metadata).toEqual([expect.objectContaining({ streamId: mine.streamId, epoch: claim.epoch })]);
    const [name, value] = decodeAmf0(Buffer.from(heard.metadata[0]!.payload, 'base64'));
    expect([name, JSON.parse(JSON.stringify(value))]).toEqual(['onTextData', data]);
    // It stays once, whatever an edge says of it: the next request is another message.
    const again = await Promise.all([put(mine, { data }), put(mine, { data })]);
    expect(again.map(({ status }) => status)).toEqual([200, 200]);
    expect(new Set(heard.metadata.map(({ id }) => id)).size).toBe(3);
    // Whatever becomes of the first answer, the same request is the same message for the edge.
    heard.metadataOutcome = 'unavailable';
    const key = { 'idempotency-key': 'goal-1' };
    expect([codeOf(await put(mine, { data }, key)), codeOf(await put(mine, { data }, key))]).toEqual([
      'dependency_unavailable',
      'dependency_unavailable',
    ]);
    expect(heard.metadata.at(-1)?.id).toBe(heard.metadata.at(-2)?.id);
    for (const [outcome, status, code] of [
      ['starting', 503, 'stream_not_live'],
      ['stream_rate', 429, 'too_many_requests'],
      ['tenant_rate', 429, 'too_many_requests'],
    ] as const) {
      heard.metadataOutcome = outcome;
      const refused = await put(mine, { data });
      expect([refused.status, codeOf(refused), refused.headers.get('retry-after')]).toEqual([status, code, '1']);
    }
    heard.metadataOutcome = undefined;
    heard.metadata.length = 0;
    const waiting = put(mine, { data });
    await until('it is sent again', () => heard.metadata.length === 2);
    gateway.control.timedMetadataPut({ id: heard.metadata[0]!.id, outcome: 'written' });
    expect((await waiting).status).toBe(200);
    heard.metadataOutcome = 'written';
    await gateway.liveStore.releaseClaim(claim);
    expect(codeOf(await put(mine, { data }))).toBe('stream_offline');
  });

  it('is an object of JSON within its limits, of a stream of the caller', async () => {
    const mine = await makeWorld(gateway);
    await publish(gateway, mine.streamKey);
    const fits = { x: 'y'.repeat(1_024 - '{"x":""}'.length) };
    expect((await put(mine, { data: fits })).status).toBe(200);
    for (const body of [
      {},
      { data: 'text' },
      { data: [] },
      { data: { x: `${fits.x}y` } },
      { data: { x: [{ '': 1 }] } },
      { data: {}, name: 'onMetaData' },
      { data: {}, name: '@setDataFrame' },
      { data: {}, name: 'x'.repeat(65) },
      { data: {}, at: 1 },
    ])
      expect((await put(mine, body)).status, JSON.stringify(body)).toBe(400);
    expect((await put({ ...mine, apiKey: world.apiKey }, { data: {} })).status).toBe(404);
  });
});

describe('playback ids', () => {
  it('are found by what they do now, and by a part of their name', async () => {
    const tenant = await makeWorld(gateway);
    const own = (method: string, path: string, body?: unknown) =>
      gateway.ok(method, path, { key: tenant.apiKey, body });
    const idle = String((await own('POST', '/v1/live_streams', { name: '100% Main_Stage' }))['id']);
    const off = String((await own('POST', '/v1/live_streams', { name: 'main hall' }))['id']);
    await own('POST', `/v1/live_streams/${off}/disable`);
    const claim = await publish(gateway, tenant.streamKey);
    const ids = async (query: string): Promise<string[]> =>
      ((await own('GET', `/v1/live_streams?${query}`))['data'] as { id: string }[]).map(({ id }) => id).sort();
    expect(await ids('status=idle')).toEqual([idle]);
    expect(await ids('status=disabled')).toEqual([off]);
    expect(await ids('status=connected')).toEqual([tenant.streamId]);
    expect(await ids('status=active')).toEqual([]);
    gateway.control.sessionActive({ ...claim, activeAtMs: Date.now() });
    await until('it is active', async () => (await ids('status=active')).length === 1);
    await gateway.liveStore.releaseClaim(claim);
    expect(await ids('status=reconnecting')).toEqual([tenant.streamId]);
    expect(await ids('name=MAIN')).toEqual([idle, off].sort());
    expect(await ids('name=0%25')).toEqual([idle]);
    expect(await ids('name=%25_')).toEqual([]);
    expect(await ids('name=main&status=idle')).toEqual([idle]);
    expect((await gateway.call('GET', '/v1/live_streams?status=unknown')).status).toBe(400);
  });

  it('are made and deleted, so many and no more', async () => {
    const other = await makeWorld(gateway);
    const path = `/v1/live_streams/${other.streamId}/playback_ids`;
    const made = await own('POST', path, undefined, other);
    expect((await gateway.call('POST', path, { key: other.apiKey })).body).toMatchObject({ code: 'quota_exceeded' });
    expect(((await own('GET', path, undefined, other))['data'] as unknown[]).length).toBe(2);
    const one = `${path}/${String(made['id'])}`;
    expect(await own('GET', one, undefined, other)).toEqual(made);
    await own('DELETE', one, undefined, other);
    expect((await gateway.call('GET', one, { key: other.apiKey })).status).toBe(404);
    const gone = () => fetch(`${gateway.url}/hls/${String(made['id'])}/index.m3u8`);
    expect((await gone()).status).toBe(404);
  });
});

describe('stream keys', () => {
  it('are told of once, a day before they expire, by whichever gateway looks', async () => {
    const mine = await makeWorld(gateway);
    const inMs = (ms: number) => ({ expires_at: new Date(Date.now() + ms).toISOString() });
    const path = `/v1/live_streams/${mine.streamId}/stream_keys`;
    const { id } = await own('POST', path, { name: 'soon', ...inMs(25 * HOUR_MS) }, mine);
    await own('POST', path, { name: 'later', ...inMs(48 * HOUR_MS) }, mine);
    const told = async () =>
      (await own('GET', '/v1/events?type=stream_key.expiring', undefined, mine))['data'] as { data: unknown }[];
    const expiring = gateway.app.get(ExpiringKeys, { strict: false });
    await expiring.tell(Date.now());
    expect(await told()).toEqual([]);
    await expiring.tell(Date.now() + 2 * HOUR_MS);
    expect(await told()).toMatchObject([{ data: { object: { id, name: 'soon', live_stream_id: mine.streamId } } }]);
    await expiring.tell(Date.now() + 3 * HOUR_MS);
    expect(await told()).toHaveLength(1);
  });

  it('show their secret again by a request of its own, with a scope of its own', async () => {
    const mine = await makeWorld(gateway);
    const path = `/v1/live_streams/${mine.streamId}/stream_keys/${mine.streamKeyId}`;
    const body = {
      tenant_id: mine.tenantId,
      name: 'all but secrets',
      scopes: ['stream_keys:read', 'stream_keys:write'],
    };
    const key = String((await gateway.ok('POST', '/v1/api_keys', { body }))['key']);
    const refused = await gateway.call('POST', `${path}/reveal`, { key });
    expect([refused.status, refused.text.includes(mine.streamKey)]).toEqual([403, false]);
    const shown = await own('POST', `${path}/reveal`, undefined, mine);
    expect(shown).toMatchObject({ id: mine.streamKeyId, key: mine.streamKey, password: mine.streamKey });
    const { data } = await own('GET', `/v1/audit_events?action=stream_key.reveal`, undefined, mine);
    expect(data).toMatchObject([{ object_id: mine.streamKeyId, actor: { id: mine.apiKeyId } }]);
    const keyHint = async () => (await own('GET', `/v1/live_streams/${mine.streamId}`, undefined, mine))['ingest'];
    expect(await keyHint()).toMatchObject({ key_hint: mine.streamKey.slice(-4) });
    await gateway.call('DELETE', path, { key: mine.apiKey });
    expect(await keyHint()).toMatchObject({ key_hint: null });
    expect((await gateway.call('POST', `${path}/reveal`, { key: mine.apiKey })).status).toBe(409);
  });

  it('show their secret once', async () => {
    const path = `/v1/live_streams/${world.streamId}/stream_keys`;
    const made = await own('POST', path, { name: 'studio' });
    const secret = String(made['key']);
    expect(isSecretKey('mr_st', secret)).toBe(true);
    for (const read of [await own('GET', path), await own('GET', `${path}/${String(made['id'])}`)])
      expect(JSON.stringify(read)).not.toContain(secret);
  });

  it('are so many in force and no more; a revoked one makes room', async () => {
    const other = await makeWorld(gateway);
    const path = `/v1/live_streams/${other.streamId}/stream_keys`;
    await own('POST', path, {}, other);
    await own('POST', path, {}, other);
    expect((await gateway.call('POST', path, { key: other.apiKey, body: {} })).body).toMatchObject({
      code: 'quota_exceeded',
    });
    await own('DELETE', `${path}/${other.streamKeyId}`, undefined, other);
    await own('POST', path, {}, other);
    expect(await own('GET', `${path}/${other.streamKeyId}`, undefined, other)).toMatchObject({ status: 'revoked' });
  });

  it('are replaced with a time of grace', async () => {
    const other = await makeWorld(gateway);
    const path = `/v1/live_streams/${other.streamId}/stream_keys/${other.streamKeyId}`;
    const made = await own('POST', `${path}/rotate`, { grace_seconds: 60 }, other);
    expect(made).toMatchObject({ status: 'active', name: 'stream key' });
    const old = await own('GET', path, undefined, other);
    expect(old['status']).toBe('expiring');
    const graceMs = Date.parse(String(old['expires_at'])) - Date.parse(String(made['created_at']));
    expect(Math.abs(graceMs - 60_000)).toBeLessThan(5_000);
    await own('DELETE', path, undefined, other);
    const again = await gateway.call('POST', `${path}/rotate`, { key: other.apiKey, body: { grace_seconds: 1 } });
    expect([again.status, again.body]).toMatchObject([409, { code: 'conflict' }]);
  });
});
