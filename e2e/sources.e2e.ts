// What is pulled from servers that are not ours: a camera of gst-rtsp-server, nginx-rtmp over RTMP and HLS, ffmpeg as a listener of SRT.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePorts, ManagedProcess, requireProgram } from '@millrace/tools/processes';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually } from './support/eventually.ts';
import { expectTrack } from './support/expect-track.ts';
import { readFrames } from './support/frame-reader.ts';
import type { ReadFrame, ReadResult } from './support/frame-reader.ts';
import { startGstCamera } from './support/gst-camera.ts';
import { startNginxRtmp } from './support/nginx-rtmp.ts';
import type { NginxRtmp } from './support/nginx-rtmp.ts';
import { publishWithFfmpeg } from './support/publish-with-ffmpeg.ts';
import { SOURCE_FILE } from './support/source.ts';
import { startStandalone } from './support/start-standalone.ts';
import type { Standalone } from './support/start-standalone.ts';
import { temporaryFolder } from './support/temporary-folder.ts';
import { TenantApi } from './support/tenant-api.ts';
import type { TestStream } from './support/tenant-api.ts';

/** Of the source: a keyframe every two seconds. */
const CLIP_S = '8';
const PASSWORD = 'a-long-random-phrase';
/** libsrt gives up what it has not sent when ffmpeg ends, and MPEG-TS has several frames of sound in a packet. */
const MAX_KEPT_BACK = 12;
/** A server that has sent its file says nothing more: the pull ends, and so does the session. */
const IDLE_MS = '2000';

let millrace: Standalone;
let api: TenantApi;
let nginx: NginxRtmp;
let sent: ReadResult;
const folder = temporaryFolder('sources');
const clip = join(folder.path, 'clip.flv');
const undo: (() => Promise<void>)[] = [];

beforeAll(async () => {
  const cut = ['-v', 'error', '-i', SOURCE_FILE, '-t', CLIP_S, '-c', 'copy', clip];
  [millrace, nginx] = await Promise.all([
    startStandalone({
      env: {
        MILLRACE_PULL_ALLOWED_ADDRESSES: '127.0.0.0/8',
        MILLRACE_RTSP_IDLE_MS: IDLE_MS,
        MILLRACE_RTMP_IDLE_MS: IDLE_MS,
        MILLRACE_SRT_IDLE_MS: IDLE_MS,
        // Later than the session ends: what is sent again when it is pulled again is of another one.
        MILLRACE_PULL_RETRY_MIN_MS: '5000',
      },
    }),
    startNginxRtmp(),
    promisify(execFile)(requireProgram('ffmpeg', 'ffmpeg'), cut),
  ]);
  api = TenantApi.of(millrace.quickstart);
  sent = (await readFrames({ sent: { url: clip } })).sent;
});
afterAll(async () => {
  await Promise.all([...undo.map((step) => step()), millrace?.stop(), nginx?.stop()]);
  folder.remove();
});

const framesOf = ({ tracks }: ReadResult, kind: string): readonly ReadFrame[] =>
  tracks.find((track) => track.kind === kind)?.frames ?? [];
const newStream = (name: string): Promise<TestStream> =>
  api.createStream(name, { reconnect_window_seconds: 1, playlist_window_seconds: 60 });
const pathOf = ({ id }: TestStream): string => `/v1/live_streams/${id}/ingest_sources`;
/** All that viewers get, from the first segment to the end of the session. */
const watch = async ({ playlistUrl }: TestStream): Promise<ReadResult> =>
  (await readFrames({ seen: { url: playlistUrl, options: { live_start_index: '0' } } })).seen;
const state = async (stream: TestStream): Promise<Record<string, unknown>> =>
  ((await api.ok('GET', pathOf(stream)))['data'] as Record<string, unknown>[])[0]!;

/** It is switched off once it has sent all: else it would be pulled again, in the same session. */
async function pulled(stream: TestStream, source: object): Promise<ReadResult> {
  const { id } = await api.ok('POST', pathOf(stream), source);
  const seen = watch(stream);
  await eventually('the source is live', async () => (await state(stream))['state'] === 'live', 30_000);
  await eventually('the source has ended', async () => (await state(stream))['state'] === 'waiting', 30_000);
  await api.ok('PATCH', `${pathOf(stream)}/${String(id)}`, { enabled: false });
  return seen;
}

function expectAll(seen: ReadResult, mayLack: number, where: string): void {
  expect(seen.error, where).toBeNull();
  const video = expectTrack(framesOf(sent, 'video'), framesOf(seen, 'video'), mayLack, `${where}: video`);
  const audio = expectTrack(framesOf(sent, 'audio'), framesOf(seen, 'audio'), mayLack, `${where}: audio`);
  expect(video.start.isKey, where).toBe(true);
  expect(Math.abs(video.middle - audio.middle), where).toBeLessThanOrEqual(0.001);
}

it.concurrent('a camera of GStreamer is pulled over RTSP, each frame at its time', async () => {
  const camera = await startGstCamera(clip, 'viewer', PASSWORD);
  undo.push(() => camera.stop());
  const stream = await newStream('a camera of GStreamer');
  const seen = await pulled(stream, { url: camera.url.replace('//', `//viewer:${PASSWORD}@`) });
  expectAll(seen, 0, 'gst-rtsp-server');
  expect(millrace.logs.lines.join('\n')).not.toContain(PASSWORD);
});

it.concurrent('nginx-rtmp is pulled over RTMP, each frame at its time', async () => {
  const stream = await newStream('nginx over RTMP');
  const seen = pulled(stream, { url: `${nginx.rtmpUrl}/rtmp` });
  const source = async () => (await state(stream))['state'] === 'connecting';
  await eventually('the source waits for its publisher', source, 20_000);
  const encoder = await publishWithFfmpeg(`${nginx.rtmpUrl}/rtmp`, clip, { loops: 0 });
  await encoder.ended();
  expectAll(await seen, 0, 'nginx-rtmp');
});

it.concurrent('ffmpeg as a listener of SRT is pulled, encrypted, each frame at its time', async () => {
  const [port = 0] = await freePorts(1);
  const options = `mode=listener&pkt_size=1316&linger=3&latency=1000000&passphrase=${PASSWORD}`;
  const listener = new ManagedProcess({
    name: 'ffmpeg',
    command: requireProgram('ffmpeg', 'ffmpeg'),
    args: [
      '-v',
      'error',
      '-nostdin',
      '-re',
      '-i',
      clip,
      '-c',
      'copy',
      '-f',
      'mpegts',
      `srt://127.0.0.1:${port}?${options}`,
    ],
    isReady: async () => true,
  });
  await listener.start();
  undo.push(() => listener.stop());
  const seen = await pulled(await newStream('SRT'), {
    url: `srt://127.0.0.1:${port}?latency=1000`,
    password: PASSWORD,
  });
  expectAll(seen, MAX_KEPT_BACK, 'SRT');
});

it.concurrent('HLS of nginx-rtmp is pulled while there is a viewer, and not before', async () => {
  const stream = await newStream('nginx over HLS');
  const encoder = await publishWithFfmpeg(`${nginx.rtmpUrl}/hls`, clip, { loops: 0 });
  undo.push(() => encoder.stop());
  await api.ok('POST', pathOf(stream), { url: `${nginx.hlsUrl}/hls.m3u8`, mode: 'on_demand' });
  const listed = async () => (await fetch(`${nginx.hlsUrl}/hls.m3u8`)).ok;
  await eventually('nginx lists a segment', listed, 20_000);
  expect((await state(stream))['state']).toBe('idle');
  const seen = await watch(stream);
  expect(seen.error).toBeNull();
  const hashes = (result: ReadResult, kind: string): string[] => framesOf(result, kind).map(({ hash }) => hash);
  for (const kind of ['video', 'audio']) {
    const [all, got] = [hashes(sent, kind), hashes(seen, kind)];
    expect(got.length).toBeGreaterThan(100);
    // From where it was begun, three segments before the end, every frame.
    const first = all.indexOf(got[0]!);
    expect(got).toEqual(all.slice(first, first + got.length));
    // What nginx has not put into a segment when its encoder leaves, it never lists.
    expect(all.length - first - got.length).toBeLessThanOrEqual(MAX_KEPT_BACK);
  }
  const { last_error: error } = await state(stream);
  expect(error).toMatchObject({ message: expect.stringMatching(/the playlist of the source/) as string });
});
