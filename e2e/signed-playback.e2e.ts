// Signed playback as docs/signed-playback.md describes it: with the token that its program makes and the cache that its nginx.conf sets up,
// by ffmpeg and in a browser.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { parseMediaPlaylist, parseMultivariantPlaylist } from '@millrace/protocol/hls/testing';
import { requireProgram } from '@millrace/tools/processes';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually } from './support/eventually.ts';
import { guideBlock } from './support/guide-block.ts';
import { startNginxCache } from './support/nginx-cache.ts';
import { publishWithFfmpeg } from './support/publish-with-ffmpeg.ts';
import type { FfmpegPublisher } from './support/publish-with-ffmpeg.ts';
import { SOURCE_FILE } from './support/source.ts';
import { startStandalone } from './support/start-standalone.ts';
import type { Standalone } from './support/start-standalone.ts';
import { TenantApi } from './support/tenant-api.ts';
import type { TestStream } from './support/tenant-api.ts';
import { WatchPage } from './support/watch-page.ts';

type MakeToken = (privateKey: string, keyId: string, playbackId: string, viewerId: string) => string;

const blockOf = (language: string): string => guideBlock('signed-playback.md', language);
const run = promisify(execFile);

let server: Standalone;
let api: TenantApi;
/** Where viewers reach the server: through the cache. */
let cache: string;
let playbackId: string;
let stream: TestStream;
let encoder: FfmpegPublisher;
let watch: WatchPage;
let tokenFor: (viewerId: string, playback?: string) => string;
/** Likewise, for one start of playback. */
let singleUseTokenFor: (viewerId: string) => string;
const undo: (() => Promise<void> | void)[] = [];

beforeAll(async () => {
  server = await startStandalone();
  undo.push(() => server.stop());
  api = TenantApi.of(server.quickstart);
  stream = await api.createStream('signed', { reconnect_window_seconds: 0 });
  const ids = `/v1/live_streams/${stream.id}/playback_ids`;
  playbackId = String((await api.ok('POST', ids, { policy: 'signed' }))['id']);
  const key = await api.ok('POST', '/v1/playback_keys', { name: 'backend' });
  const makerOf = async (program: string): Promise<typeof tokenFor> => {
    const module = (await import(`data:text/javascript,${encodeURIComponent(program)}`)) as {
      playbackToken: MakeToken;
    };
    return (viewerId, playback = playbackId) =>
      module.playbackToken(String(key['private_key']), String(key['id']), playback, viewerId);
  };
  tokenFor = await makerOf(blockOf('js'));
  singleUseTokenFor = await makerOf(blockOf('js').replace('aud:', 'single_use: true, jti: viewerId, aud:'));
  const nginx = await startNginxCache(blockOf('nginx'), [`127.0.0.1:${server.ports.http}`]);
  undo.push(() => nginx.stop());
  cache = nginx.url;
  await publish();
  undo.push(() => encoder.kill());
  await eventually('the stream is live', async () => (await fetch(playlistUrl('first'))).status === 200);
});
afterAll(async () => {
  for (const step of undo.reverse()) await step();
});

async function publish(): Promise<void> {
  encoder = await publishWithFfmpeg(`rtmp://127.0.0.1:${server.ports.rtmp}/live/${stream.key}`, SOURCE_FILE);
}

const playlistUrl = (viewerId: string): string => `${cache}/hls/${playbackId}/index.m3u8?token=${tokenFor(viewerId)}`;

/** The URLs in a playlist, which no cache keeps. */
async function linesOf(url: string): Promise<string[]> {
  const answer = await fetch(url);
  expect([answer.status, answer.headers.get('x-cache')]).toEqual([200, 'MISS']);
  const lines = (await answer.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return lines.map((line) => new URL(line, url).href);
}

/** The URLs in the media playlist of a viewer. */
async function segmentsFor(viewerId: string): Promise<string[]> {
  const [media = ''] = await linesOf(playlistUrl(viewerId));
  return linesOf(media);
}

it('a cache has one copy of a segment for all viewers, and none of their playlists', async () => {
  // Half a minute later the same segment has another URL: two viewers may be on either side.
  const shared = await eventually('two viewers see the same segment', async () => {
    const [ada, bob] = [await segmentsFor('ada'), await segmentsFor('bob')];
    return ada.find((url) => bob.includes(url));
  });
  const answers = [await fetch(shared), await fetch(shared), await fetch(shared)];
  expect(answers.map(({ headers }) => headers.get('x-cache')).slice(1)).toEqual(['HIT', 'HIT']);
  const bodies = await Promise.all(answers.map((answer) => answer.arrayBuffer()));
  expect(new Set(bodies.map((body) => Buffer.from(body).toString('base64'))).size).toBe(1);
  expect((await fetch(shared.split('?', 1)[0] ?? '')).status).toBe(401);
});

it('a cache has one copy of a part of low latency for all viewers, also of one that is not there yet', async () => {
  const low = await api.createStream('signed parts', { latency_mode: 'low', reconnect_window_seconds: 0 });
  const ids = `/v1/live_streams/${low.id}/playback_ids`;
  const id = String((await api.ok('POST', ids, { policy: 'signed' }))['id']);
  const rtmp = `rtmp://127.0.0.1:${server.ports.rtmp}/live/${low.key}`;
  const encoding = await publishWithFfmpeg(rtmp, SOURCE_FILE);
  const base = `${cache}/hls/${id}/`;
  await eventually('the stream is live', async () => {
    const answer = await fetch(`${base}master.m3u8?token=${tokenFor('first', id)}`);
    return answer.status === 200;
  });
  const viewers = await Promise.all(
    ['ada', 'bob'].map(async (viewer) => {
      const answer = await fetch(`${base}master.m3u8?token=${tokenFor(viewer, id)}`);
      return parseMultivariantPlaylist(await answer.text()).variants[0]!.uri;
    }),
  );
  const hintsOf = async (): Promise<(string | undefined)[]> =>
    Promise.all(
      viewers.map(async (uri) => {
        const answer = await fetch(base + uri);
        expect([answer.status, answer.headers.get('x-cache')]).toEqual([200, 'MISS']);
        return parseMediaPlaylist(await answer.text()).preloadHints?.[0]?.uri;
      }),
    );
  // They may be on either side of a part, or of the half minute for which URLs are signed.
  const hint = await eventually('two viewers are told of the same part', async () => {
    const [ada, bob] = await hintsOf();
    return ada === bob ? ada : undefined;
  });
  const answers = await Promise.all([1, 2, 3].map(() => fetch(base + hint)));
  const seen = await Promise.all(
    answers.map(async (answer) => ({
      status: answer.status,
      cache: answer.headers.get('x-cache'),
      bytes: Buffer.from(await answer.arrayBuffer()).toString('base64'),
    })),
  );
  expect(seen.map(({ status }) => status)).toEqual([200, 200, 200]);
  expect(seen.map(({ cache: of }) => of).sort()).toEqual(['HIT', 'HIT', 'MISS']);
  expect(new Set(seen.map(({ bytes }) => bytes)).size).toBe(1);
  expect((await fetch(base + hint.split('?', 1)[0]!)).status).toBe(401);
  await encoding.stop();
});

/** Arguments of ffmpeg; it reports its progress on standard output. */
const playing = (url: string): string[] => [
  '-nostdin',
  '-v',
  'error',
  '-progress',
  'pipe:1',
  '-i',
  url,
  '-f',
  'null',
  '-',
];
const rtmpUrl = (query = ''): string => `rtmp://127.0.0.1:${server.ports.rtmp}/play/${playbackId}${query}`;

/** What stands for a token in addresses that take few characters. */
async function shortTokenFor(viewer: string): Promise<string> {
  const url = `${api.gatewayUrl}/watch/${playbackId}/short_token?token=${tokenFor(viewer)}`;
  const answer = await fetch(url, { method: 'POST', signal: AbortSignal.timeout(10_000) });
  expect(answer.status).toBe(200);
  return ((await answer.json()) as { token: string }).token;
}

it('ffmpeg plays HLS, FLV, RTMP and RTSP with the token, RTMP and RTSP with a short one, and none without', async () => {
  const probe = async (url: string): Promise<string> => {
    const args = ['-v', 'error', '-show_entries', 'stream=codec_name', '-of', 'csv=p=0', url];
    return (await run(requireProgram('ffprobe', 'ffmpeg'), args, { timeout: 60_000 })).stdout;
  };
  for (const path of [`/hls/${playbackId}/index.m3u8`, `/live/${playbackId}.flv`]) {
    expect(await probe(`${cache}${path}?token=${tokenFor('ffmpeg')}`)).toMatch(/h264\s+aac/);
    await expect(probe(`${cache}${path}`)).rejects.toThrow('401 Unauthorized');
  }
  expect(await probe(rtmpUrl(`?token=${tokenFor('ffmpeg')}`))).toMatch(/h264\s+aac/);
  const short = await shortTokenFor('ffmpeg');
  const rtspUrl = `rtsp://127.0.0.1:${server.ports.rtsp}/play/${playbackId}?token=${short}`;
  for (const url of [rtmpUrl(`?token=${short}`), rtspUrl]) expect(await probe(url)).toMatch(/h264\s+aac/);
  // By Digest: its first characters are the user, all of it is the password, which does not cross the network.
  const loginUrl = rtspUrl.replace('//', `//${short.slice(0, 26)}:${short}@`).replace(/\?.*/, '');
  expect(await probe(loginUrl)).toMatch(/h264\s+aac/);
  await expect(probe(loginUrl.replace('@', 'x@'))).rejects.toThrow('401 The digest proves no short token');
  await expect(probe(rtspUrl.slice(0, -1))).rejects.toThrow('403 The playback token is not a JWT');
  await expect(probe(rtmpUrl())).rejects.toThrow('Server error: This playback id is signed');
  await expect(probe(rtmpUrl('?token=x'))).rejects.toThrow('Server error');
});

it('the watch page plays with the token of its link, and says what is wrong when it may not play any more', async () => {
  watch = await WatchPage.open(`${cache}/watch/${playbackId}?token=${tokenFor('eve')}`);
  undo.push(() => watch.browser.close());
  await watch.until('it plays', ({ currentTime, framesDecoded }) => currentTime > 1 && framesDecoded > 10);
  const player = spawn(requireProgram('ffmpeg', 'ffmpeg'), playing(rtmpUrl(`?token=${await shortTokenFor('eve')}`)));
  let words = '';
  player.stderr.on('data', (text) => (words += String(text)));
  const endedAtMs = once(player, 'close').then(() => performance.now());
  await once(player.stdout, 'data');
  const revokedAtMs = performance.now();
  await api.ok('POST', '/v1/viewer_sessions/revoke', { viewer_id: 'eve', version_lte: 1 });
  await watch.until('it says that access has ended', ({ text }) =>
    text.includes('Your access to this stream has ended'),
  );
  expect((await endedAtMs) - revokedAtMs).toBeLessThan(5_000);
  expect(words).toContain('This stream may not be watched any more.');
  for (const [query, words] of [
    ['', 'This stream needs a personal link'],
    ['?token=x', 'This stream needs a personal link'],
  ] as const) {
    await watch.page.goto(`${cache}/watch/${playbackId}${query}`);
    await watch.until(`it says: ${words}`, ({ text }) => text.includes(words));
  }
  expect(watch.errors).toEqual([]);
});

it('an encrypted stream plays in ffmpeg and in a browser, through a cache that keeps its segments and no key', async () => {
  const settings = { encryption: 'aes-128', key_rotation_segments: 5, segment_target_seconds: 0.5 };
  await api.ok('PATCH', `/v1/live_streams/${stream.id}`, settings);
  await encoder.stop();
  await publish();
  const listed = await eventually('two keys are listed', async () => {
    const [media = ''] = await linesOf(playlistUrl('ada'));
    const text = await (await fetch(media)).text();
    const keys = [...text.matchAll(/^#EXT-X-KEY:METHOD=AES-128,URI="([^"]*)"$/gm)];
    return keys.length > 1 ? { media, text, keys: keys.map(([, uri = '']) => new URL(uri, media).href) } : undefined;
  });
  for (let i = 0; i < 2; i++) {
    const answer = await fetch(listed.keys[0]!);
    expect([answer.status, answer.headers.get('x-cache')]).toEqual([200, 'MISS']);
    expect((await answer.arrayBuffer()).byteLength).toBe(16);
  }
  expect((await fetch(listed.keys[0]!.split('?', 1)[0]!)).status).toBe(401);
  const segment = new URL(listed.text.split('\n').findLast((line) => /^\d/.test(line)) ?? '', listed.media);
  const served = [await fetch(segment), await fetch(segment)];
  expect(served.map(({ status, headers }) => [status, headers.get('x-cache')])[1]).toEqual([200, 'HIT']);
  // Not the sync byte of MPEG-TS.
  expect(new Set(new Uint8Array(await served[0]!.arrayBuffer()).filter((_, i) => i % 188 === 0)).size).toBeGreaterThan(
    9,
  );
  const args = ['-v', 'error', '-xerror', '-i', playlistUrl('ffmpeg'), '-t', '2', '-f', 'null', '-'];
  expect((await run(requireProgram('ffmpeg', 'ffmpeg'), args, { timeout: 60_000 })).stderr).toBe('');
  // The page asks more than once, and goes on with what its link was exchanged for.
  await watch.page.goto(`${cache}/watch/${playbackId}?token=${singleUseTokenFor('zoe')}`);
  await watch.until('it plays', ({ currentTime, framesDecoded }) => currentTime > 1 && framesDecoded > 10);
  await watch.page.reload();
  await watch.until('it says that the link was used', ({ text }) => text.includes('This link has been used already'));
  expect(watch.errors).toEqual([]);
});
