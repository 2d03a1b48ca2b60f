// HLS that the edge pulls: segments of ffmpeg behind a server of the test, which lists them as they would be made.
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FrameKind } from '@millrace/domain';
import { SourcePuller } from '@millrace/ingest';
import { pulledSources } from '@millrace/ingest/testing';
import type { TestStream } from '@millrace/ingest/testing';
import type { FrameRecorder } from '@millrace/frame-bus/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CLIP, expectClip, mediaOf } from '../testing/clip.ts';
import { TestEdge } from '../testing/test-edge.ts';

const FAST = { pullAllowedAddresses: ['127.0.0.0/8'], pullRetryMinMs: 100, pullRetryMaxMs: 200, srtTrackWaitMs: 0 };
const WITHIN = { timeout: 20_000, interval: 20 };
const KEY = Buffer.from('a0a1a2a3a4a5a6a7a8a9aaabacadaeaf', 'hex');
/** Segments are listed as shorter than they are, and new ones come as fast: so much faster plays the clip. */
const SEGMENT_S = 0.25;

let folder: string;
const clip: Buffer[] = [];
const encrypted: Buffer[] = [];

let edge: TestEdge;
let stream: TestStream;
let recorder: FrameRecorder;
const undo: (() => unknown)[] = [];

async function segments(name: string, ...options: string[]): Promise<Buffer[]> {
  const args = ['-hide_banner', '-loglevel', 'error', '-nostdin', '-i', CLIP, '-c', 'copy', '-f', 'hls'];
  const list = ['-hls_time', '2', '-hls_list_size', '0', '-hls_segment_filename', join(folder, `${name}%03d.ts`)];
  const child = spawn('ffmpeg', [...args, ...list, ...options, join(folder, `${name}.m3u8`)], { stdio: 'ignore' });
  expect(await new Promise((resolve) => child.on('close', resolve))).toBe(0);
  const files = (await readdir(folder)).filter((file) => file.startsWith(name) && file.endsWith('.ts')).toSorted();
  return Promise.all(files.map((file) => readFile(join(folder, file))));
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-hls-'));
  clip.push(...(await segments('clip')));
  await writeFile(join(folder, 'key'), KEY);
  await writeFile(join(folder, 'key-info'), `key.bin\n${join(folder, 'key')}\n`);
  encrypted.push(...(await segments('secret', '-hls_key_info_file', join(folder, 'key-info'))));
});
afterAll(() => rm(folder, { recursive: true }));
beforeEach(async () => {
  edge = await TestEdge.start({ settings: FAST });
  undo.push(() => edge.stop());
  stream = edge.control.newStream();
  recorder = await edge.record(stream.streamId);
});
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** @returns its address */
async function serve(answer: Answer): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  undo.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

interface Listed {
  readonly bytes: Buffer;
  /** Lines before it. */
  readonly tags?: string;
}

/** A live playlist with the first three of these, to which the next one is added again and again. */
function live(listed: readonly Listed[], window = 8): Answer {
  // From the first request on: a machine under load may be late with it, and a pull begins near the live edge.
  let beganAtMs: number | undefined;
  return (request, response) => {
    beganAtMs ??= performance.now();
    const path = request.url ?? '';
    const index = /(\d+)\.ts$/.exec(path)?.[1];
    if (index !== undefined) return void response.end(listed[Number(index)]!.bytes);
    if (path.endsWith('key.bin')) return void response.end(KEY);
    const made = Math.min(listed.length, 3 + Math.floor((performance.now() - beganAtMs) / 1_000 / SEGMENT_S));
    const first = Math.max(0, made - window);
    const lines = listed
      .slice(first, made)
      .flatMap(({ tags }, i) => [
        ...(tags === undefined ? [] : [tags]),
        `#EXTINF:${SEGMENT_S},`,
        `segments/${first + i}.ts`,
      ]);
    const head = ['#EXTM3U', '#EXT-X-VERSION:3', '#EXT-X-TARGETDURATION:1', `#EXT-X-MEDIA-SEQUENCE:${first}`];
    response.end([...head, ...lines, ...(made === listed.length ? ['#EXT-X-ENDLIST'] : []), ''].join('\n'));
  };
}

const { pull, untilState, untilError } = pulledSources(
  () => edge,
  () => stream,
);
const untilEnd = () => recorder.until(() => recorder.frames.at(-1)?.kind === FrameKind.end);

describe('HLS that is pulled', () => {
  it('is published frame by frame, of the best variant with sound, behind redirects', async () => {
    const answer = live(clip.map((bytes) => ({ bytes })));
    const asked: string[] = [];
    const url = await serve((request, response) => {
      const path = request.url ?? '';
      asked.push(path);
      if (path === '/master.m3u8')
        response.end(
          '#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="a",URI="a.m3u8"\n' +
            '#EXT-X-STREAM-INF:BANDWIDTH=9000000,AUDIO="a"\nmute.m3u8\n#EXT-X-STREAM-INF:BANDWIDTH=1000\nlow.m3u8\n' +
            '#EXT-X-STREAM-INF:BANDWIDTH=2000000\nhigh.m3u8\n',
        );
      else if (path === '/high.m3u8') response.writeHead(307, { location: '/there/index.m3u8' }).end();
      else answer(request, response);
    });
    const sourceId = pull(`${url}/master.m3u8`);
    await untilState(sourceId, { state: 'live' });
    await untilEnd();
    expectClip(recorder.frames);
    await untilError(sourceId, 'the source has ended its playlist');
    expect(asked.slice(0, 4)).toEqual(['/master.m3u8', '/high.m3u8', '/there/index.m3u8', '/there/segments/0.ts']);
    expect(edge.control.requests[0]).toMatchObject({ protocol: 'hls', app: 'pull', clientAddress: '127.0.0.1' });
    expect(edge.control.ended[0]).toMatchObject({ reason: 'source_failed' });
    expect(edge.control.warned).toEqual([]);
    expect(await edge.metric('srt_continuity_errors_total')).toBe(0);
  }, 40_000);

  it('may list CMAF without sound before MPEG-TS, which is taken: as Millrace does of pictures alone with low latency', async () => {
    const answer = live(clip.map((bytes) => ({ bytes })));
    const url = await serve((request, response) => {
      const path = request.url ?? '';
      if (path === '/master.m3u8')
        response.end(
          '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=2000000,CODECS="avc1.64001f"\nvideo.m3u8\n' +
            '#EXT-X-STREAM-INF:BANDWIDTH=1900000,CODECS="avc1.64001f"\nindex.m3u8\n',
        );
      else if (path === '/video.m3u8')
        response.end('#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXT-X-MAP:URI="init.mp4"\n#EXTINF:1,\nx.mp4\n');
      else answer(request, response);
    });
    await untilState(pull(`${url}/master.m3u8`), { state: 'live' });
    await untilEnd();
    expectClip(recorder.frames);
  }, 40_000);

  it('may be encrypted with AES-128', async () => {
    const url = await serve(
      live(
        encrypted.slice(0, 5).map((bytes, i) => ({
          bytes,
          tags: `#EXT-X-KEY:METHOD=AES-128,URI="../key.bin",IV=0x${i.toString(16).padStart(32, '0')}`,
        })),
      ),
    );
    pull(`${url}/a/index.m3u8`);
    await untilEnd();
    expectClip(recorder.frames, { pictures: 200, sounds: 300 });
    // The key and its vector are right from the first byte on.
    expect(await edge.metric('srt_damaged_packets_total')).toBe(0);
  }, 30_000);

  it('goes on over a discontinuity, and over a segment that is missing', async () => {
    const listed = [0, 1, 2, 0, 1, 4, 5].map((i, at): Listed => {
      if (at === 3) return { bytes: clip[i]!, tags: '#EXT-X-DISCONTINUITY' };
      if (at === 5) return { bytes: Buffer.from('gone'), tags: '#EXT-X-GAP' };
      return { bytes: clip[i]! };
    });
    pull(`${await serve(live(listed))}/index.m3u8`);
    await untilEnd();
    const pictures = mediaOf(recorder.frames, FrameKind.video);
    expect(pictures.every(({ dts90k }, i) => i === 0 || dts90k > pictures[i - 1]!.dts90k)).toBe(true);
    const hashes = pictures.map(({ payload }) => Buffer.from(payload).toString('base64'));
    // Two segments of two seconds come twice.
    expect(hashes.length - new Set(hashes).size).toBeGreaterThan(90);
    // Each segment stands for itself: that the next one counts its packets anew loses nothing.
    expect(await edge.metric('srt_continuity_errors_total')).toBe(0);
    const atGap = pictures.map(({ dts90k }, i) => dts90k - (pictures[i - 1]?.dts90k ?? dts90k));
    // The discontinuity is no gap: what comes behind it follows at once.
    expect(atGap.filter((step) => step > 10_000).length).toBeLessThanOrEqual(1);
  }, 30_000);

  it('ends, and is given back, when it is deleted', async () => {
    const sourceId = pull(`${await serve(live(clip.map((bytes) => ({ bytes }))))}/index.m3u8`);
    await untilState(sourceId, { state: 'live' });
    edge.control.sources.delete(sourceId);
    edge.provider(SourcePuller).changed();
    await expect.poll(() => edge.control.ended, WITHIN).toMatchObject([{ reason: 'source_changed' }]);
    expect(await edge.liveStore.listHeldSources()).toEqual([]);
    expect(edge.logs.join('')).not.toContain('pulling a source broke');
  });
});

describe('HLS that cannot be pulled', () => {
  it('says why, and costs no other source', async () => {
    await edge.stop();
    edge = await TestEdge.start({
      settings: {
        ...FAST,
        pullConnectMs: 500,
        srtIdleMs: 200,
        pullHlsMaxPlaylistBytes: 2_000,
        pullHlsMaxSegmentBytes: 70_000,
      },
    });
    const list = (lines: string) => `#EXTM3U\n#EXT-X-TARGETDURATION:1\n${lines}`;
    const bodies: Record<string, string> = {
      '/text.m3u8': '<html>',
      '/huge.m3u8': list('#EXTINF:1,\nx.ts\n'.repeat(200)),
      '/broken.m3u8': '#EXTM3U\n#EXTINF:x\n',
      '/vod.m3u8': list('#EXTINF:1,\nx.ts\n#EXT-X-ENDLIST\n'),
      '/cenc.m3u8': list('#EXT-X-KEY:METHOD=SAMPLE-AES,URI="k"\n#EXTINF:1,\nx.ts\n'),
      '/mp4.m3u8': list('#EXT-X-MAP:URI="init.mp4"\n#EXTINF:1,\nx.mp4\n'),
      '/all-mp4.m3u8': '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=2\nmp4.m3u8\n#EXT-X-STREAM-INF:BANDWIDTH=1\nmp4.m3u8\n',
      '/inside.m3u8': list('#EXTINF:1,\nhttp://10.1.2.3/x.ts\n'),
      '/file.m3u8': list('#EXTINF:1,\nfile:///etc/passwd\n'),
      '/none.m3u8': '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nempty.m3u8\n',
      '/empty.m3u8': list(''),
      '/stopped.m3u8': list('#EXTINF:0.1,\nlast.ts\n'),
      '/late.m3u8': list('#EXTINF:1,\nmute\n'),
    };
    const url = await serve((request, response) => {
      const path = request.url ?? '';
      if (path.startsWith('/loop')) return void response.writeHead(302, { location: '/loop2.m3u8' }).end();
      if (path === '/last.ts') return void response.end(clip[0]!.subarray(0, 188 * 300));
      if (path in bodies) return void response.end(bodies[path]);
      if (path !== '/mute') response.writeHead(404).end();
    });
    const expected = {
      '/text.m3u8': 'does not send a playlist of HLS',
      '/huge.m3u8': 'a playlist of the source is larger than 2000 bytes',
      '/broken.m3u8': 'what the source sends cannot be read: line 2',
      '/vod.m3u8': 'the playlist of the source is not live: it has ended',
      '/cenc.m3u8': 'encrypted in a way that is not known',
      '/mp4.m3u8': 'fragmented MP4 (EXT-X-MAP), which is not pulled: give the address of one of MPEG-TS',
      '/all-mp4.m3u8': 'fragmented MP4 (EXT-X-MAP)',
      '/inside.m3u8': '10.1.2.3 is not a public address',
      '/file.m3u8': 'names what is no address of HTTP',
      '/none.m3u8': 'the source did not begin to send within 0.5 s',
      '/late.m3u8': 'the source did not',
      '/gone.m3u8': 'the source answers with 404 Not Found',
      '/loop.m3u8': 'the source redirects more than 5 times',
      '/stopped.m3u8': 'the playlist of the source has not changed for 3 s',
    };
    const ids = Object.keys(expected).map((path) => pull(url + path, edge.control.newStream()));
    const good = pull(
      `${await serve(live(clip.map((bytes) => ({ bytes: bytes.subarray(0, 188 * 300) }))))}/index.m3u8`,
      edge.control.newStream(),
    );
    await untilState(good, { state: 'live' });
    for (const [i, words] of Object.values(expected).entries()) await untilError(ids[i]!, words);
    expect(edge.logs.join('')).not.toContain('pulling a source broke');
  }, 30_000);
});
