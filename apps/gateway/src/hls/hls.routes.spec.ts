import { newId } from '@millrace/domain';
import { createMemoryLiveStore } from '@millrace/live-store';
import type { LiveStore } from '@millrace/live-store';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { Agent, request as httpRequest } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SampleStream, sampleSegmentBytes } from '../testing/sample-stream.ts';
import { makeWorld, until } from '../testing/tenant-world.ts';
import type { World } from '../testing/tenant-world.ts';
import { TestGateway } from '../testing/test-gateway.ts';
import { TestPostgres } from '../testing/test-postgres.ts';

/** Where Fastify tells of each request that a handler gets. */
const ROUTED = 'tracing:fastify.request.handler:start';

let postgres: TestPostgres;
let gateway: TestGateway;
let store: LiveStore;
let world: World;
let stream: SampleStream;
let segment: string;

beforeAll(async () => {
  postgres = await TestPostgres.create();
  store = createMemoryLiveStore();
  gateway = await TestGateway.start({
    databaseUrl: postgres.url(),
    liveStore: store,
    env: { MILLRACE_HLS_WAIT_MS: '300', MILLRACE_HLS_MAX_WAITERS: '3', MILLRACE_SEGMENT_CACHE_BYTES: '100000' },
  });
  world = await makeWorld(gateway);
  stream = await SampleStream.begin(store, world.streamId);
  segment = await stream.add();
});
afterAll(async () => {
  await gateway.close();
  await postgres.remove();
});

const get = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
  fetch(`${gateway.url}${path}`, { method, headers });
const playlistPath = (name = 'index.m3u8'): string => `/hls/${world.playbackId}/${name}`;

describe('playlists', () => {
  it('are what the packager committed, at once after each commit', async () => {
    for (let i = 0; i < 3; i++) {
      await stream.add();
      expect(await (await get(playlistPath())).text()).toBe(stream.playlist().text);
    }
  });

  it('in the cache are answered without the router, with the same answer as through it', async () => {
    const routed: string[] = [];
    const onRouted = (message: unknown): void =>
      void routed.push((message as { request: { url: string } }).request.url);
    subscribe(ROUTED, onRouted);
    try {
      await expect
        .poll(async () => {
          routed.length = 0;
          const { status } = await get(playlistPath());
          return { status, routed: [...routed] };
        })
        .toEqual({ status: 200, routed: [] });
      const seen = async (name: string): Promise<object> => {
        const answer = await get(playlistPath(name));
        const { date, ...headers } = Object.fromEntries(answer.headers);
        return { status: answer.status, headers, hasDate: date !== undefined, text: await answer.text() };
      };
      const plain = await seen('index.m3u8');
      for (const name of ['index.m3u8?a=b', '%69ndex.m3u8']) {
        expect(await seen(name)).toEqual(plain);
        expect(routed.at(-1)).toBe(playlistPath(name));
      }
    } finally {
      unsubscribe(ROUTED, onRouted);
    }
  });

  it('and segments are counted and change for a player that asks over and over as for any other', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const server = gateway.app.getHttpServer();
    let parsed = 0;
    server.on('request', () => parsed++);
    interface Answer {
      readonly status: number | undefined;
      readonly body: Buffer;
      readonly headers: IncomingHttpHeaders;
      readonly socket: Socket;
      readonly wasParsed: boolean;
    }
    const ask = (name = 'index.m3u8', headers = {}) =>
      new Promise<Answer>((resolve, reject) => {
        const before = parsed;
        const request = httpRequest(`${gateway.url}${playlistPath(name)}`, { agent, headers }, (answer) => {
          const { headers, socket, statusCode: status } = answer;
          void answer.toArray().then((parts) => {
            const body = Buffer.concat(parts as Buffer[]);
            resolve({ status, body, headers, socket, wasParsed: parsed > before });
          }, reject);
        });
        request.on('error', reject).end();
      });
    const counted = async () => {
      const metrics = await gateway.metrics.text();
      const sum = (name: string): number =>
        [...metrics.matchAll(new RegExp(`^millrace_${name} (.*)$`, 'gm'))].reduce(
          (sum, [, value]) => sum + Number(value),
          0,
        );
      const of = (kind: string) => ({
        requests: sum(`playback_requests_total\\{kind="${kind}",status="200"\\}`),
        bytes: sum(`playback_bytes_total\\{kind="${kind}"\\}`),
        times: sum(`playback_request_seconds_count\\{kind="${kind}"\\}`),
      });
      return { media: of('media'), segment: of('segment'), egress: sum('tenant_egress_bytes_total\\{.*\\}') };
    };
    const first = await ask();
    const [before, readBefore] = [await counted(), first.socket.bytesRead];
    const asked = { media: 0, segment: 0 };
    const bytes = { media: 0, segment: 0 };
    const again = { media: 0, segment: 0 };
    let segmentHeaders: object | undefined;
    for (let round = 0; again.media < 3 || again.segment < 3; round++) {
      if (round % 10 === 5) {
        segment = await stream.add();
        segmentHeaders = undefined;
      }
      const media = await ask();
      const loaded = await ask(segment);
      expect([media.body.toString(), media.socket]).toEqual([stream.playlist().text, first.socket]);
      expect([loaded.body, loaded.socket]).toEqual([
        Buffer.from(sampleSegmentBytes(Number.parseInt(segment, 10))),
        first.socket,
      ]);
      expect(Object.keys(media.headers)).toEqual(Object.keys(first.headers));
      const { date, ...headers } = loaded.headers;
      expect(Date.parse(date!)).toBeGreaterThan(Date.now() - 2_000);
      expect(headers).toEqual((segmentHeaders ??= headers));
      for (const [kind, answer] of Object.entries({ media, segment: loaded }) as ['media' | 'segment', Answer][]) {
        asked[kind]++;
        bytes[kind] += answer.body.byteLength;
        if (!answer.wasParsed) again[kind]++;
      }
    }
    const after = await counted();
    for (const kind of ['media', 'segment'] as const)
      expect({
        requests: after[kind].requests - before[kind].requests,
        times: after[kind].times - before[kind].times,
        bytes: after[kind].bytes - before[kind].bytes,
      }).toEqual({ requests: asked[kind], times: asked[kind], bytes: bytes[kind] });
    expect(after.egress - before.egress).toBe(first.socket.bytesRead - readBefore);
    // What depends on more than the address is answered by the router and the runtime, on the same connection.
    const part = await ask(segment, { range: 'bytes=1-2' });
    expect([part.status, part.body.length, part.wasParsed, part.socket]).toEqual([206, 2, true, first.socket]);
    const unchanged = await ask(segment, { 'if-none-match': String((await ask(segment)).headers.etag) });
    expect([unchanged.status, unchanged.wasParsed]).toEqual([304, true]);
    expect([(await ask('none.ts')).status, (await ask('master.m3u8')).status]).toEqual([404, 200]);
    agent.destroy();
  });

  it.each(['index.m3u8', 'master.m3u8'])('%s: types, caching, other sites', async (name) => {
    const answer = await get(playlistPath(name));
    expect(answer.status).toBe(200);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'application/vnd.apple.mpegurl',
      'cache-control': 'public, max-age=1, must-revalidate',
      'access-control-allow-origin': '*',
      'access-control-expose-headers': expect.stringContaining('ETag') as string,
      etag: expect.stringMatching(/^"[^"]+"$/) as string,
    });
    expect(answer.headers.has('x-request-id')).toBe(false);
  });

  it.each(['index.m3u8', 'master.m3u8'])('%s: 304 until it changes', async (name) => {
    const first = await get(playlistPath(name));
    const tag = first.headers.get('etag') ?? '';
    const second = await get(playlistPath(name), { 'if-none-match': tag });
    expect([second.status, await second.text(), second.headers.get('etag')]).toEqual([304, '', tag]);
    if (name === 'master.m3u8') return;
    await stream.add();
    expect((await get(playlistPath(name), { 'if-none-match': tag })).status).toBe(200);
  });

  it('master.m3u8 tells codecs, size and bitrate, and where the media playlist is', async () => {
    const text = await (await get(playlistPath('master.m3u8'))).text();
    expect(text.split('\n').slice(-3)).toEqual([
      '#EXT-X-STREAM-INF:BANDWIDTH=3000000,AVERAGE-BANDWIDTH=2500000,CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=1280x720,' +
        'FRAME-RATE=30',
      'index.m3u8',
      '',
    ]);
  });

  it('HEAD has the headers of GET and no body', async () => {
    const [got, headed] = [await get(playlistPath()), await get(playlistPath(), {}, 'HEAD')];
    expect(await headed.text()).toBe('');
    for (const name of ['content-type', 'content-length', 'etag', 'cache-control'])
      expect(headed.headers.get(name), name).toBe(got.headers.get(name));
  });
});

describe('segments', () => {
  const whole = sampleSegmentBytes(0);
  const part = (start: number, end: number): Buffer => Buffer.from(whole.subarray(start, end + 1));

  it('are the bytes that the packager committed, for good', async () => {
    const answer = await get(playlistPath(segment));
    expect(answer.status).toBe(200);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'video/mp2t',
      'content-length': String(whole.byteLength),
      'cache-control': 'public, max-age=86400, immutable',
      'accept-ranges': 'bytes',
      'access-control-allow-origin': '*',
    });
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(Buffer.from(whole));
  });

  it.each([
    ['bytes=0-99', 206, 'bytes 0-99/4096', part(0, 99)],
    ['bytes=4000-', 206, 'bytes 4000-4095/4096', part(4000, 4095)],
    ['bytes=-1', 206, 'bytes 4095-4095/4096', part(4095, 4095)],
    ['bytes=4096-', 416, 'bytes */4096', Buffer.alloc(0)],
    ['bytes=0-1,5-6', 200, null, Buffer.from(whole)],
    ['nonsense', 200, null, Buffer.from(whole)],
  ])('Range %s: %d', async (range, status, contentRange, body) => {
    const answer = await get(playlistPath(segment), { range });
    expect([answer.status, answer.headers.get('content-range')]).toEqual([status, contentRange]);
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(body);
  });

  it.each([
    ['the tag', (tag: string) => tag, 206],
    ['another tag', () => '"other"', 200],
    ['a date', () => 'Tue, 24 Nov 2026 00:00:00 GMT', 200],
  ])('If-Range with %s', async (_, header, status) => {
    const tag = (await get(playlistPath(segment), {}, 'HEAD')).headers.get('etag') ?? '';
    const answer = await get(playlistPath(segment), { range: 'bytes=0-9', 'if-range': header(tag) });
    expect(answer.status).toBe(status);
  });

  it('If-None-Match goes before Range, and HEAD knows no ranges', async () => {
    const head = await get(playlistPath(segment), { range: 'bytes=0-9' }, 'HEAD');
    expect([head.status, head.headers.get('content-length')]).toEqual([200, '4096']);
    const tag = head.headers.get('etag') ?? '';
    expect((await get(playlistPath(segment), { range: 'bytes=0-9', 'if-none-match': tag })).status).toBe(304);
  });
});

describe('other sites', () => {
  it('may ask first', async () => {
    const answer = await get(
      playlistPath(),
      { origin: 'https://player.example', 'access-control-request-method': 'GET' },
      'OPTIONS',
    );
    expect(answer.status).toBe(204);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'access-control-allow-origin': '*',
      'access-control-allow-methods': 'GET, HEAD, OPTIONS',
      'access-control-allow-headers': expect.stringContaining('Range') as string,
    });
  });
});

describe('what is not there', () => {
  it.each([
    ['an unknown playback id', () => `/hls/${newId('pbk')}/index.m3u8`],
    ['another kind of id', () => `/hls/${world.streamId}/index.m3u8`],
    ['something that is no id', () => '/hls/x/index.m3u8'],
    ['an unknown segment', () => playlistPath('999-0a.ts')],
    ['a name that no segment has', () => playlistPath('..%2f..%2fetc%2fpasswd')],
    ['dots', () => playlistPath('%2e%2e')],
    ['NUL', () => playlistPath('%00')],
    ['a star', () => playlistPath('*')],
    ['an empty name', () => playlistPath('')],
    ['a long name', () => playlistPath('a'.repeat(150))],
    ['another case', () => playlistPath('INDEX.M3U8')],
  ])('%s: 404, readable by other sites', async (_, path) => {
    const answer = await get(path());
    expect([answer.status, answer.headers.get('content-type')]).toEqual([
      404,
      'application/problem+json; charset=utf-8',
    ]);
    expect(((await answer.json()) as { code: string }).code).toBe('not_found');
  });

  it('another method: 405', async () => {
    const answer = await get(playlistPath(), {}, 'POST');
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD, OPTIONS']);
  });

  it("a segment of another stream's: 404", async () => {
    const other = await makeWorld(gateway);
    await (await SampleStream.begin(store, other.streamId)).add();
    expect((await get(`/hls/${other.playbackId}/${segment}`)).status).toBe(200);
    expect((await get(`/hls/${other.playbackId}/1-0a.ts`)).status).toBe(404);
  });
});

describe('a stream that is not live', () => {
  it('is waited for, then 503 with Retry-After', async () => {
    const idle = await makeWorld(gateway);
    const answer = await get(`/hls/${idle.playbackId}/index.m3u8`);
    expect([answer.status, answer.headers.get('retry-after'), answer.headers.get('cache-control')]).toEqual([
      503,
      '2',
      'no-store',
    ]);
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    expect(((await answer.json()) as { code: string }).code).toBe('stream_not_live');
  });

  it('gives its first playlist to all who wait, as soon as there is one', async () => {
    const idle = await makeWorld(gateway);
    const waiting = ['index.m3u8', 'index.m3u8', 'master.m3u8'].map((name) => get(`/hls/${idle.playbackId}/${name}`));
    await until('three wait', async () => (await gateway.metrics.text()).includes('millrace_playback_waiters 3'));
    await (await SampleStream.begin(store, idle.streamId)).add();
    expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual([200, 200, 200]);
  });

  it('lets so many wait and no more', async () => {
    const idle = await makeWorld(gateway);
    const path = `/hls/${idle.playbackId}/index.m3u8`;
    const waiting = [get(path), get(path), get(path)];
    await until('three wait', async () => (await gateway.metrics.text()).includes('millrace_playback_waiters 3'));
    const fourth = await get(path);
    expect(fourth.status).toBe(503);
    await (await SampleStream.begin(store, idle.streamId)).add();
    expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual([200, 200, 200]);
  });

  it('forgets who goes away', async () => {
    const idle = await makeWorld(gateway);
    const leaving = httpRequest(`${gateway.url}/hls/${idle.playbackId}/index.m3u8`).on('error', () => undefined);
    leaving.end();
    await until('one waits', async () => (await gateway.metrics.text()).includes('millrace_playback_waiters 1'));
    leaving.destroy();
    await until('no request waits', async () => (await gateway.metrics.text()).includes('millrace_playback_waiters 0'));
  });

  it('serves an ended playlist until its time is over', async () => {
    const ending = await makeWorld(gateway);
    const path = `/hls/${ending.playbackId}/index.m3u8`;
    const ended = await SampleStream.begin(store, ending.streamId);
    await ended.add();
    await ended.add(true, 600);
    expect(await (await get(path)).text()).toContain('#EXT-X-ENDLIST');
    await until('it is gone', async () => (await get(path)).status === 503);
  });
});

describe('what viewers may know of a stream', () => {
  const infoOf = async (playbackId: string): Promise<Record<string, unknown>> => {
    const answer = await get(`/watch/${playbackId}/info`);
    expect(answer.status).toBe(200);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'public, max-age=2, must-revalidate',
      'access-control-allow-origin': '*',
    });
    return (await answer.json()) as Record<string, unknown>;
  };

  it('is its name, whether it is live and how many watch', async () => {
    const watched = await makeWorld(gateway);
    expect(await infoOf(watched.playbackId)).toEqual({ name: expect.any(String) as string, live: false, viewers: 0 });
    const begun = await SampleStream.begin(store, watched.streamId);
    await begun.add();
    for (const agent of ['a', 'b', 'b']) await get(`/hls/${watched.playbackId}/index.m3u8`, { 'user-agent': agent });
    const rename = { body: { name: 'Concert <b>' } };
    expect((await gateway.call('PATCH', `/v1/live_streams/${watched.streamId}`, rename)).status).toBe(200);
    await until('it has its new name', async () => (await infoOf(watched.playbackId))['name'] === 'Concert <b>');
    await until('both viewers count', async () => (await infoOf(watched.playbackId))['viewers'] === 2);
    expect(await infoOf(watched.playbackId)).toEqual({ name: 'Concert <b>', live: true, viewers: 2 });
    await begun.add(true, 60_000);
    await until('it is not live', async () => (await infoOf(watched.playbackId))['live'] === false);
  });

  it.each([
    ['an unknown id', () => newId('pbk')],
    ['something that is no id', () => 'x'],
  ])('%s: 404', async (_, playbackId) => {
    const answer = await get(`/watch/${playbackId()}/info`);
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([404, 'no-store']);
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
  });

  it('a disabled stream: 403, as its playlist', async () => {
    const disabled = await makeWorld(gateway);
    expect((await infoOf(disabled.playbackId))['live']).toBe(false);
    await gateway.call('POST', `/v1/live_streams/${disabled.streamId}/disable`);
    await until('it is 403', async () => (await get(`/watch/${disabled.playbackId}/info`)).status === 403);
  });
});

describe('numbers', () => {
  it('count requests and bytes by kind', async () => {
    await get(playlistPath(segment));
    const text = await gateway.metrics.text();
    expect(text).toMatch(/millrace_playback_requests_total\{kind="segment",status="200"\} \d+/);
    expect(text).toMatch(/millrace_playback_bytes_total\{kind="segment"\} \d+/);
    expect(text).toMatch(/millrace_playback_segment_cache_bytes [1-9]\d*/);
  });
});
