// Ingest sources over REST, and how edges are given them.
import { formatSourceState } from '@millrace/control';
import type { TakeSourcesAnswer } from '@millrace/control';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { askToPublish, makeWorld, publish } from '../testing/tenant-world.ts';
import type { World } from '../testing/tenant-world.ts';
import { TestGateway } from '../testing/test-gateway.ts';
import { TestPostgres } from '../testing/test-postgres.ts';
import { Database } from '../database/database.ts';
import { chooseFairly, SourceAssignments } from './source-assignments.ts';

const ASK_MS = 5_000;
const CAMERA = 'rtsp://93.184.216.34:554/door?channel=1';
const PROTOCOLS = ['rtsp', 'rtsps'];

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
beforeEach(async () => void (world = await makeWorld(gateway)));

const path = (): string => `/v1/live_streams/${world.streamId}/ingest_sources`;
const ask = (method: string, at: string, body?: object) => gateway.call(method, at, { key: world.apiKey, body });
const make = (body: object = { url: CAMERA }) => gateway.ok('POST', path(), { key: world.apiKey, body });

type Asking = Partial<Parameters<typeof gateway.control.takeSources>[0]>;
const REQUEST = { edgeId: 'edge-a', protocols: PROTOCOLS, held: [], free: 16, maxPerTenant: 16 };
const take = async (asking: Asking = {}): Promise<TakeSourcesAnswer> =>
  (await gateway.control.takeSources({ ...REQUEST, ...asking }, ASK_MS))!;
/** Of this test's tenant. */
const taken = async (asking?: Asking) =>
  (await take(asking)).taken.filter(({ tenantId }) => tenantId === world.tenantId);

describe('an ingest source', () => {
  it('is made, read, changed and deleted; its credentials are never shown', async () => {
    const made = await make({ name: 'Door', url: 'rtsp://admin:p%40ss@camera.example/door' });
    expect(made).toMatchObject({
      live_stream_id: world.streamId,
      name: 'Door',
      url: 'rtsp://camera.example/door',
      has_credentials: true,
      enabled: true,
      state: 'idle',
      state_since: null,
      last_error: null,
    });
    const at = `${path()}/${String(made['id'])}`;
    const read = await ask('GET', at);
    expect(read.body).toEqual(made);
    const changed = await gateway.call('PATCH', at, {
      key: world.apiKey,
      body: { enabled: false },
      headers: { 'if-match': read.headers.get('etag')! },
    });
    expect(changed.body).toMatchObject({ enabled: false, state: 'disabled' });
    const stale = await gateway.call('PATCH', at, {
      key: world.apiKey,
      body: { enabled: true },
      headers: { 'if-match': read.headers.get('etag')! },
    });
    expect(stale.status).toBe(412);
    expect((await ask('GET', path())).body).toMatchObject({ data: [{ id: made['id'] }], has_more: false });
    const audit = await gateway.call('GET', `/v1/audit_events?tenant_id=${world.tenantId}`);
    expect(audit.text).toContain('ingest_source.create');
    expect(audit.text).not.toMatch(/p@ss|p%40ss|admin:/);
    expect((await ask('DELETE', at)).status).toBe(204);
    expect((await ask('GET', at)).status).toBe(404);
  });

  it.each([
    ['another scheme', 'ftp://camera.example/x', 'must be an address that begins with rtsp://'],
    ['no address', 'camera.example', 'must be an address that begins with rtsp://'],
    ['a fragment', 'rtsp://camera.example/#x', 'must not contain a fragment'],
    ['this machine', 'rtsp://127.0.0.1/x', '127.0.0.1 is not a public address'],
    ['a private network', 'rtsp://[fd00::1]:554/x', 'fd00::1 is not a public address'],
    ['a name of this machine', 'rtsp://localhost/x', 'must not name this server'],
    ['port 0', 'rtsp://h:0/', 'must have a port of 1 to 65535'],
    ['half of a surrogate pair', 'rtsp://a\ud800b/x', 'must not contain half of a surrogate pair in its host'],
    ['no possible host', 'rtsp://a..b/x', 'must have a host name or an IP address as its host'],
    ['another spelling of this machine', 'rtsp://0x7f.1/x', '127.0.0.1 is not a public address'],
    ['a line break', 'rtsp://camera.example/a\r\nb', 'must not contain control characters in its path'],
    ['a line break in its user name', 'rtsp://a%0d%0aX:pw@camera.example/', 'in its user name or password'],
    ['a control character in its password', 'rtsp://a:%1b@camera.example/', 'in its user name or password'],
    ['a page of the web', 'https://camera.example/door', 'with a path that ends in .m3u8, or of FLV'],
    ['a private address of the web', 'http://10.0.0.1/door.flv', '10.0.0.1 is not a public address'],
    ['another spelling of one', 'http://0x7f.1/door.m3u8', '127.0.0.1 is not a public address'],
    ['no stream of RTMP', 'rtmp://example.com/live', 'must name an application and a stream'],
    ['a password of RTMP', 'rtmp://a:b@example.com/live/x', 'must have no user name or password'],
    ['no port of SRT', 'srt://example.com?streamid=x', 'must name a port'],
    ['a stream id of nothing', 'srt://example.com:9?streamid=%00', 'must not contain control characters in its query'],
    ['the listener of SRT', 'srt://example.com:9000?mode=listener', 'must not have another mode than caller'],
    ['a short passphrase', 'srt://example.com:9000?passphrase=short', 'a passphrase of 10 to 79 bytes'],
    ['more than fits', `rtsp://camera.example/${'ü'.repeat(1_000)}`, 'must not be of more than 2000 characters'],
  ])('is refused with %s as its address', async (_, url, words) => {
    const { status, body } = await ask('POST', path(), { url });
    expect(status).toBe(400);
    expect(body).toMatchObject({ code: 'invalid_request', errors: [{ pointer: '/url' }] });
    expect(JSON.stringify(body)).toContain(words);
  });

  it('may be of any protocol that edges pull, and edges are given those of theirs', async () => {
    const typed = 'srt://example.com:9000?streamid=#!::r=a+b,m=request&passphrase=top+secret+1&latency=200';
    const made = await make({ url: typed });
    expect(made).toMatchObject({ url: expect.not.stringContaining('secret') as string, has_credentials: true });
    const [srt] = await taken({ protocols: ['srt'] });
    expect(srt).toMatchObject({ sourceId: made['id'], username: '', password: 'top+secret+1' });
    const { searchParams } = new URL(srt!.url);
    expect([searchParams.get('streamid'), searchParams.get('latency')]).toEqual(['#!::r=a+b,m=request', '200']);
    const at = `${path()}/${String(made['id'])}`;
    for (const [url, protocol] of [
      ['rtmp://example.com/live/x?token=1', 'rtmp'],
      ['rtmps://example.com/live/x', 'rtmps'],
      ['http://example.com/a.flv?x=1', 'http-flv'],
      ['https://example.com/a.m3u8', 'hls'],
    ] as const) {
      // The passphrase of another host is not kept.
      expect((await ask('PATCH', at, { url })).body).toMatchObject({ url, has_credentials: false });
      await gateway.liveStore.releaseSource({ sourceId: srt!.sourceId, owner: 'edge-a', token: srt!.token });
      expect((await gateway.liveStore.listHeldSources()).includes(srt!.sourceId)).toBe(false);
      expect(await taken({ protocols: PROTOCOLS })).toEqual([]);
      const [given] = await taken({ protocols: [protocol], edgeId: `edge-${protocol}` });
      expect(given).toMatchObject({ url });
      await gateway.liveStore.releaseSource({
        sourceId: given!.sourceId,
        owner: `edge-${protocol}`,
        token: given!.token,
      });
    }
    expect((await ask('PATCH', at, { url: 'rtmp://example.com/live/x', password: 'x' })).body).toMatchObject({
      errors: [{ pointer: '/password' }],
    });
  });

  it('makes events of its changes, and of what edges say has become of it, once each', async () => {
    const { id } = await make({ name: 'Door', url: 'rtsp://camera.example/door?key=secret' });
    const at = `${path()}/${String(id)}`;
    await ask('PATCH', at, { name: 'Garden' });
    const turned = (change: 'connected' | 'disconnected' | 'failed', atMs: number, message?: string) => {
      const ids = { tenantId: world.tenantId, streamId: world.streamId, sourceId: String(id), token: 7 };
      gateway.control.sourceStateChanged({ ...ids, change, message, atMs });
    };
    turned('failed', 1_000, 'nothing listens there');
    turned('connected', 2_000);
    turned('disconnected', 3_000, 'the source closed the connection');
    // As when an acknowledgement was lost.
    turned('connected', 2_000);
    const events = async (): Promise<Record<string, unknown>[]> => {
      const { data } = await gateway.ok('GET', '/v1/events?limit=100', { key: world.apiKey });
      return (data as { type: string; created_at: string; data: { object: Record<string, unknown> } }[])
        .filter(({ type }) => type.startsWith('ingest_source.'))
        .map(({ type, created_at, data: { object } }) => ({ ...object, type, created_at }));
    };
    await expect.poll(async () => (await events()).length).toBe(5);
    const found = (await events()).toSorted((a, b) => String(a['type']).localeCompare(String(b['type'])));
    const what = { id, live_stream_id: world.streamId, name: 'Garden', url: 'rtsp://camera.example/door' };
    expect(found).toMatchObject([
      { type: 'ingest_source.connected', ...what, created_at: '1970-01-01T00:00:02.000Z' },
      { type: 'ingest_source.created', ...what, name: 'Door' },
      { type: 'ingest_source.disconnected', ...what, error: { message: 'the source closed the connection' } },
      { type: 'ingest_source.failed', ...what, error: { message: 'nothing listens there' } },
      { type: 'ingest_source.updated', ...what },
    ]);
    await ask('DELETE', at);
    turned('failed', 4_000, 'late');
    await expect.poll(async () => (await events()).some(({ type }) => type === 'ingest_source.deleted')).toBe(true);
    expect(await events()).toHaveLength(6);
    expect(JSON.stringify(await events())).not.toContain('secret');
  });

  it('is one of a few of its stream', async () => {
    await make();
    await make();
    expect((await ask('POST', path(), { url: CAMERA })).body).toMatchObject({ code: 'quota_exceeded' });
  });

  it('publishes with a key of its own, which goes with it and not before', async () => {
    const { id } = await make();
    const { key, streamKeyId } = (await taken())[0]!;
    const keyPath = `/v1/live_streams/${world.streamId}/stream_keys/${streamKeyId}`;
    expect((await ask('GET', keyPath)).body).toMatchObject({ ingest_source_id: id });
    expect((await ask('DELETE', keyPath)).body).toMatchObject({ code: 'conflict' });
    for (const body of [{ grace_seconds: 0 }, { grace_seconds: 60 }])
      expect(await ask('POST', `${keyPath}/rotate`, body)).toMatchObject({
        status: 409,
        body: { code: 'conflict', detail: expect.stringContaining('belongs to the ingest source') as string },
      });
    expect(await publish(gateway, key)).toMatchObject({ streamId: world.streamId, streamKeyId });
    await ask('DELETE', `${path()}/${String(id)}`);
    expect(gateway.ears.heard.cuts).toContainEqual(
      expect.objectContaining({ streamId: world.streamId, streamKeyId, reason: 'key_revoked' }),
    );
    expect(await askToPublish(gateway, key)).toMatchObject({ granted: false, refusal: 'key_revoked' });
  });

  it('takes over from no publisher, while an encoder takes over from it', async () => {
    await gateway.ok('PATCH', `/v1/live_streams/${world.streamId}`, {
      key: world.apiKey,
      body: { second_publisher: 'takeover' },
    });
    await make();
    const { key } = (await taken())[0]!;
    await publish(gateway, key, 'edge-a');
    await publish(gateway, world.streamKey, 'edge-b');
    expect(await askToPublish(gateway, key, 'edge-a')).toMatchObject({ granted: false, refusal: 'already_publishing' });
  });

  it('is told to edges and gateways only where that changes what they do', async () => {
    const { id } = await make({ url: CAMERA, username: 'admin' });
    const told = () => gateway.ears.heard.sourceChanges.filter(({ sourceId }) => sourceId === id).length;
    const patch = (body: object) => ask('PATCH', `${path()}/${String(id)}`, body);
    await patch({ name: 'Another', url: CAMERA, enabled: true });
    await patch({ password: 'new' });
    await expect.poll(told).toBe(2);
    await patch({ enabled: false });
    await expect.poll(told).toBe(3);
  });

  it('keeps its credentials for its host alone', async () => {
    const { id } = await make({ url: CAMERA, username: 'admin', password: 'secret' });
    const at = `${path()}/${String(id)}`;
    const patch = async (body: object) => (await ask('PATCH', at, body)).body;
    expect(await patch({ url: 'rtsp://93.184.216.34:554/garden' })).toMatchObject({ has_credentials: true });
    expect(await patch({ password: 'other' })).toMatchObject({ has_credentials: true });
    expect(await taken()).toMatchObject([
      { username: 'admin', password: 'other', url: 'rtsp://93.184.216.34:554/garden' },
    ]);
    expect(await patch({ url: 'rtsp://198.41.0.4/garden' })).toMatchObject({ has_credentials: false });
    expect(await patch({ url: 'rtsp://u:p@198.41.0.4/garden', username: 'x' })).toMatchObject({
      code: 'invalid_request',
    });
    expect(await patch({ username: 'x' })).toMatchObject({ has_credentials: true });
    expect(await patch({ username: null })).toMatchObject({ has_credentials: false });
  });
});

describe('a source that is pulled on demand', () => {
  const KEEP_MS = 1_000;
  let own: TestGateway;
  let there: World;
  beforeAll(async () => {
    const env = { MILLRACE_PULL_ON_DEMAND_KEEP_MS: String(KEEP_MS), MILLRACE_HLS_WAIT_MS: '100' };
    own = await TestGateway.start({ databaseUrl: postgres.url(), env });
  });
  afterAll(() => own.close());
  beforeEach(async () => void (there = await makeWorld(own)));

  const at = () => `/v1/live_streams/${there.streamId}/ingest_sources`;
  const create = (body: object) => own.ok('POST', at(), { key: there.apiKey, body: { url: CAMERA, ...body } });
  const offered = async (held: Asking['held'] = []) => {
    const answer = (await own.control.takeSources({ ...REQUEST, held: held ?? [] }, ASK_MS))!;
    return { taken: answer.taken.filter(({ tenantId }) => tenantId === there.tenantId), dropped: answer.dropped };
  };
  /** Until each gateway has read which streams have such sources. */
  const settle = async () => expect((await offered()).taken).toEqual([]);
  const wanted = () => own.liveStore.listDemanded();

  it.each([
    ['HLS', async () => (await own.call('GET', `/hls/${there.playbackId}/master.m3u8`)).status],
    ['FLV', async () => (await own.call('GET', `/live/${there.playbackId}.flv`)).status],
    [
      'a player of an edge',
      async () => {
        const visit = {
          edgeId: 'edge-a',
          playbackId: there.playbackId,
          clientAddress: '192.0.2.1',
          player: 'x',
          protocol: 'rtmp',
        };
        const answer = await own.control.authorizePlayback(visit, ASK_MS);
        return answer.granted ? 200 : 503;
      },
    ],
  ])('is given to an edge once %s asks for its stream, and taken back after the last viewer', async (_, watch) => {
    const { id } = await create({ mode: 'on_demand' });
    await settle();
    expect((await own.ok('GET', `${at()}/${String(id)}`, { key: there.apiKey })).state).toBe('idle');
    expect([404, 503]).toContain(await watch());
    await expect.poll(wanted).toContain(there.streamId);
    // Edges are told, and ask at once.
    await expect.poll(() => own.ears.heard.sourceChanges.filter(({ sourceId }) => sourceId === id).length).toBe(2);
    const until = async () => (await offered()).taken[0];
    await expect.poll(until, { timeout: 5_000 }).toMatchObject({ sourceId: id });
    const held = [{ sourceId: String(id), revision: 1 }];
    // While there is a viewer, it is kept, for longer than that.
    const begunAtMs = performance.now();
    const droppedMeanwhile: string[] = [];
    const watchOn = async (): Promise<number> => {
      await watch();
      droppedMeanwhile.push(...(await offered(held)).dropped);
      return performance.now() - begunAtMs;
    };
    await expect.poll(watchOn, { timeout: 10_000, interval: 100 }).toBeGreaterThan(2 * KEEP_MS);
    expect(droppedMeanwhile).toEqual([]);
    await expect.poll(async () => (await offered(held)).dropped, { timeout: 5_000 }).toEqual([id]);
  });

  it('is pulled always once that is its mode; viewers of other streams do not count', async () => {
    const { id } = await create({ mode: 'on_demand' });
    await settle();
    const other = await makeWorld(own);
    expect((await own.call('GET', `/hls/${other.playbackId}/master.m3u8`)).status).toBe(503);
    expect(await wanted()).toEqual([]);
    const { body } = await own.call('PATCH', `${at()}/${String(id)}`, { key: there.apiKey, body: { mode: 'always' } });
    expect(body).toMatchObject({ mode: 'always' });
    await expect.poll(async () => (await offered()).taken[0]).toMatchObject({ sourceId: id, revision: 1 });
  });
});

describe('an edge that asks for sources', () => {
  it('is given the others where one cannot be given', async () => {
    const [long, unsealed] = [await make(), await make()];
    const { id: streamId } = await gateway.ok('POST', '/v1/live_streams', { key: world.apiKey, body: { name: 'x' } });
    const at = `/v1/live_streams/${String(streamId)}/ingest_sources`;
    const good = await gateway.ok('POST', at, { key: world.apiKey, body: { url: CAMERA } });
    // As they were before these were refused, and before a secret of the server was lost.
    const change = (set: string, { id }: Record<string, unknown>) =>
      postgres.query(`UPDATE ingest_sources SET ${set} WHERE id = '${String(id)}'`);
    await change(`url = url || repeat('x', 2000)`, long);
    await change(`sealed = '\\x0102'`, unsealed);
    expect(await taken()).toMatchObject([{ sourceId: good['id'] }]);
    await expect.poll(() => gateway.liveStore.listHeldSources()).not.toContain(long['id']);
    expect(await gateway.liveStore.listHeldSources()).not.toContain(unsealed['id']);
    // Changed, they are offered again.
    await ask('PATCH', `${path()}/${String(long['id'])}`, { url: CAMERA });
    await ask('PATCH', `${path()}/${String(unsealed['id'])}`, { username: 'admin', password: 'secret' });
    const ids = async () => (await taken()).map(({ sourceId }) => sourceId);
    expect(await ids()).toEqual(expect.arrayContaining([long['id'], unsealed['id']]));
  });

  it('is given what it pulls and no edge holds, once; what the edge says of it is shown', async () => {
    const { id } = await make({ url: CAMERA, username: 'admin', password: 'secret' });
    expect(await taken({ protocols: ['rtmp'] })).toEqual([]);
    expect(await taken({ free: 0 })).toEqual([]);
    const [source, ...more] = await taken();
    expect(source).toMatchObject({
      sourceId: id,
      revision: 1,
      streamId: world.streamId,
      url: CAMERA,
      username: 'admin',
      password: 'secret',
    });
    expect(more).toEqual([]);
    expect(await taken({ edgeId: 'edge-b' })).toEqual([]);
    expect((await ask('GET', `${path()}/${String(id)}`)).body).toMatchObject({ state: 'connecting' });
    const lease = { sourceId: String(id), owner: 'edge-a', token: source!.token };
    const error = { message: 'nothing listens there', atMs: 1_000 };
    const state = formatSourceState({ state: 'waiting', sinceMs: 1_000, nextTryAtMs: 3_000, error });
    expect(await gateway.liveStore.renewSources([{ lease, state }], ASK_MS)).toEqual([true]);
    expect((await ask('GET', `${path()}/${String(id)}`)).body).toMatchObject({
      state: 'waiting',
      state_since: '1970-01-01T00:00:01.000Z',
      next_try_at: '1970-01-01T00:00:03.000Z',
      last_error: { message: 'nothing listens there', at: '1970-01-01T00:00:01.000Z' },
    });
    // The edge is dead: its lease runs out.
    await gateway.liveStore.releaseSource(lease);
    await expect.poll(() => taken({ edgeId: 'edge-b' })).toMatchObject([{ sourceId: id }]);
  });

  it('rests only where there are no sources at all: that a stream is enabled again is told to no edge', async () => {
    await postgres.query('DELETE FROM ingest_sources');
    gateway.app.get(SourceAssignments).changed();
    expect(await take()).toMatchObject({ taken: [], none: true });
    const { id } = await make();
    await postgres.query(`UPDATE ingest_sources SET enabled = false WHERE id = '${String(id)}'`);
    gateway.app.get(SourceAssignments).changed();
    await expect.poll(() => take()).toEqual({ taken: [], dropped: [] });
  });

  it('costs a gateway without sources hardly a statement, and is answered at once when one is made', async () => {
    await postgres.query('DELETE FROM ingest_sources');
    gateway.app.get(SourceAssignments).changed();
    await take();
    const reads = vi.spyOn(gateway.app.get(Database), 'run');
    const begunAtMs = performance.now();
    const askFor = async (): Promise<number> => {
      expect(await taken()).toEqual([]);
      return performance.now() - begunAtMs;
    };
    await expect.poll(askFor, { timeout: 5_000 }).toBeGreaterThan(1_200);
    expect(reads.mock.calls.filter(([, turn]) => turn === 'control').length).toBeLessThanOrEqual(1);
    reads.mockRestore();
    const { id } = await make();
    await expect.poll(() => taken()).toMatchObject([{ sourceId: id }]);
  });

  it('has one view with others, however often sources are changed', async () => {
    await take();
    const reads = vi.spyOn(gateway.liveStore, 'listHeldSources');
    const assignments = gateway.app.get(SourceAssignments);
    const asked = Array.from({ length: 50 }, () => {
      assignments.changed();
      return assignments.take(REQUEST);
    });
    const { id } = await make();
    asked.push(take());
    const given = (await Promise.all(asked)).flatMap((answer) => answer.taken.map(({ sourceId }) => sourceId));
    expect(given).toContain(id);
    expect(reads.mock.calls.length).toBeLessThan(10);
  });

  it('is told to give back what was changed, disabled or deleted', async () => {
    const { id } = await make();
    const [source] = await taken();
    const held = [{ sourceId: String(id), revision: source!.revision }];
    const at = `${path()}/${String(id)}`;
    expect((await take({ held })).dropped).toEqual([]);
    await ask('PATCH', at, { name: 'Another name' });
    await expect.poll(async () => (await take({ held })).dropped).toEqual([]);
    await ask('PATCH', at, { url: 'rtsp://93.184.216.34/other' });
    await expect.poll(async () => (await take({ held })).dropped).toEqual([id]);
    const newer = [{ sourceId: String(id), revision: 2 }];
    expect((await take({ held: newer })).dropped).toEqual([]);
    await ask('PATCH', at, { enabled: false });
    await expect.poll(async () => (await take({ held: newer })).dropped).toEqual([id]);
    await gateway.ok('POST', `/v1/tenants/${world.tenantId}/suspend`);
    await ask('PATCH', at, { enabled: true });
    expect(await taken()).toEqual([]);
  });
});

describe('chooseFairly', () => {
  const sources = (tenantId: string, count: number) => Array.from({ length: count }, (_, i) => ({ tenantId, i }));
  const choose = (waiting: ReturnType<typeof sources>, has: [string, number][], max: number, maxPerTenant = 10) =>
    chooseFairly(waiting, new Map(has), max, maxPerTenant).map(({ tenantId, i }) => `${tenantId}${i}`);

  it('takes one of each tenant after another, first of those that have the fewest', () => {
    const waiting = [...sources('a', 20), ...sources('b', 2), ...sources('c', 1)];
    expect(choose(waiting, [], 6)).toEqual(['a0', 'b0', 'c0', 'a1', 'b1', 'a2']);
    expect(choose(waiting, [['a', 3]], 4)).toEqual(['b0', 'c0', 'b1', 'a0']);
  });

  it('gives no tenant more than its share', () => {
    expect(choose(sources('a', 20), [['a', 3]], 16, 5)).toEqual(['a0', 'a1']);
    expect(choose(sources('a', 2), [], 0)).toEqual([]);
  });
});
