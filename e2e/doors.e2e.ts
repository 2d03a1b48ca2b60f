// Every door in and every door out: what an encoder sends by one of them leaves by all of them at the same time, frame by frame. The
// short form has one encoder at each door in; MILLRACE_E2E_DOORS=all adds the codecs that not every door carries, and RTP over UDP.
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { requireProgram } from '@millrace/tools/processes';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DashRecorder } from './support/dash-recorder.ts';
import { eventually } from './support/eventually.ts';
import { EXACT_S, expectTrack } from './support/expect-track.ts';
import { readFrames } from './support/frame-reader.ts';
import type { ReadFrame, ReadInput, ReadResult } from './support/frame-reader.ts';
import { PartRecorder } from './support/part-recorder.ts';
import { publishWithFfmpeg } from './support/publish-with-ffmpeg.ts';
import { publishWithPyav } from './support/pyav-publisher.ts';
import { SOURCE_FILE } from './support/source.ts';
import { startStandalone } from './support/start-standalone.ts';
import type { Standalone } from './support/start-standalone.ts';
import { temporaryFolder } from './support/temporary-folder.ts';
import { TenantApi } from './support/tenant-api.ts';
import type { TestStream } from './support/tenant-api.ts';

const IS_WHOLE = process.env['MILLRACE_E2E_DOORS'] === 'all';
/** Of the source: a keyframe every two seconds. */
const CLIP_S = IS_WHOLE ? '12' : '5';
const CODED_S = 8;
/** What a busy machine does not notice in time is lost in SRT's live mode: a second, where it is 120 ms by itself. */
const SRT_LATENCY_US = 1_000_000;
/** FFmpeg keeps so many frames of AAC or less for one packet of RTP, and drops those that wait when it ends. */
const MAX_KEPT_BACK = 4;

type DoorIn = 'rtmp' | 'rtsp' | 'srt';
/** What viewers read, by the name of their door. */
type Doors = Readonly<Record<string, ReadInput>>;

let server: Standalone;
const folder = temporaryFolder('doors');
const clip = join(folder.path, 'clip.flv');
beforeAll(async () => {
  const cut = ['-v', 'error', '-i', SOURCE_FILE, '-t', CLIP_S, '-c', 'copy', clip];
  [server] = await Promise.all([startStandalone(), promisify(execFile)(requireProgram('ffmpeg', 'ffmpeg'), cut)]);
});
afterAll(async () => {
  await server?.stop();
  folder.remove();
});

const publishUrl = (door: DoorIn, { key }: TestStream): string => {
  const { rtmp, rtsp, srt } = server.ports;
  if (door === 'rtmp') return `rtmp://127.0.0.1:${rtmp}/live/${key}`;
  // libsrt drops what it has not sent when it is closed, unless it is told to wait.
  return door === 'rtsp'
    ? `rtsp://127.0.0.1:${rtsp}/live/${key}`
    : `srt://127.0.0.1:${srt}?linger=5&latency=${SRT_LATENCY_US}&streamid=publish:${key}`;
};

/** Those that FFmpeg reads. */
function doorsOf({ playbackId, playlistUrl }: TestStream): Doors {
  const { rtmp, http, rtsp } = server.ports;
  const fromBegin = { live_start_index: '0' };
  const rtspUrl = `rtsp://127.0.0.1:${rtsp}/play/${playbackId}`;
  return {
    'HLS in MPEG-TS': { url: playlistUrl, options: fromBegin },
    'HLS in fragmented MP4': { url: playlistUrl.replace('index.m3u8', 'master.m3u8'), options: fromBegin },
    RTMP: {
      url: `rtmp://127.0.0.1:${rtmp}/play/${playbackId}`,
      options: { rtmp_enhanced_codecs: 'av01,vp09,hvc1,Opus,fLaC,ac-3,ec-3' },
    },
    'HTTP-FLV': { url: `http://127.0.0.1:${http}/live/${playbackId}.flv` },
    'RTSP over TCP': { url: rtspUrl, options: { rtsp_transport: 'tcp' } },
    ...(IS_WHOLE && { 'RTSP over UDP': { url: rtspUrl, options: { rtsp_transport: 'udp', buffer_size: '4000000' } } }),
  };
}

/** Reads FLV from a WebSocket to its end, once there is one. */
async function readWebSocketFlv({ playbackId }: TestStream): Promise<Buffer> {
  const url = `ws://127.0.0.1:${server.ports.http}/live/${playbackId}.flv`;
  let pieces: Buffer[] = [];
  const read = (): Promise<boolean> =>
    new Promise((resolve) => {
      pieces = [];
      const socket = new WebSocket(url);
      socket.binaryType = 'arraybuffer';
      socket.addEventListener('message', ({ data }) => void pieces.push(Buffer.from(data as ArrayBuffer)));
      // It is refused while there is nothing to play.
      socket.addEventListener('error', () => resolve(false));
      socket.addEventListener('close', ({ code }) => resolve(code === 1000));
    });
  await eventually('FLV came by a WebSocket, and ended', read, 60_000);
  return Buffer.concat(pieces);
}

/** Reads MPEG-TS by SRT to its end, once there is one, and takes it apart. */
async function readSrt({ id, playbackId }: TestStream): Promise<ReadInput> {
  const url = join(folder.path, `${id}-srt.ts`);
  const from = `srt://127.0.0.1:${server.ports.srt}?latency=${SRT_LATENCY_US}&streamid=play:${playbackId}`;
  const args = ['-nostdin', '-v', 'error', '-y', '-i', from, '-map', '0', '-c', 'copy', '-copyts', '-f', 'mpegts', url];
  // It is refused while there is nothing to play.
  const read = (): Promise<boolean> =>
    promisify(execFile)(requireProgram('ffmpeg', 'ffmpeg'), args).then(
      () => true,
      () => false,
    );
  await eventually('MPEG-TS came by SRT, and ended', read, 60_000);
  return { url };
}

/** Reads a stream by all doors out while it is published. @returns what came out, by door */
async function readAll(
  stream: TestStream,
  doors: Doors,
  publish: () => Promise<unknown>,
): Promise<Readonly<Record<string, ReadResult>>> {
  const isInTs = 'HLS in MPEG-TS' in doors;
  const { playbackId, playlistUrl } = stream;
  const renditions = ['video.m3u8', 'audio.m3u8'].map((name) => new URL(name, playlistUrl).href);
  const inParts = renditions.map((url) => new PartRecorder(url, { serversFail: true }).start());
  const dash = new DashRecorder(`http://127.0.0.1:${server.ports.http}/dash/${playbackId}/manifest.mpd`).start();
  try {
    const readSrtIfCarried = isInTs ? readSrt(stream) : undefined;
    const [live, webSocket, srt] = await Promise.all([
      readFrames(doors),
      readWebSocketFlv(stream),
      readSrtIfCarried,
      publish(),
    ]);
    for (const recorder of inParts) {
      await eventually('the list of parts is closed', () => recorder.last?.endList === true);
      await recorder.stop();
      expect(recorder.compareWithSegments()).toBeGreaterThan(0);
      // Whether its lists break a rule is tested elsewhere: here the encoder stops, which gives up what was hinted.
      expect(recorder.faults.filter((fault) => fault.includes('is not its parts'))).toEqual([]);
    }
    const representations = await dash.stop();
    expect(dash.faults).toEqual([]);
    return { ...live, ...(await readFiles(stream, webSocket, srt, representations)) };
  } finally {
    await Promise.all([...inParts, dash].map((recorder) => recorder.stop()));
  }
}

/** Reads what was recorded, as FFmpeg has no door for it. */
async function readFiles(
  { id: streamId }: TestStream,
  webSocket: Buffer,
  srt: ReadInput | undefined,
  representations: ReadonlyMap<string, Buffer>,
): Promise<Readonly<Record<string, ReadResult>>> {
  const saved = (name: string, bytes: Buffer): ReadInput => {
    const url = join(folder.path, `${streamId}-${name}`);
    writeFileSync(url, bytes);
    return { url };
  };
  const dash = [...representations].map(([id, bytes]) => [id, saved(`${id}.mp4`, bytes)] as const);
  const inputs: Record<string, ReadInput> = { 'WebSocket-FLV': saved('ws.flv', webSocket) };
  if (srt !== undefined) inputs['SRT'] = srt;
  const others = await readFrames(inputs);
  const read: readonly ReadResult[] = Object.values(await readFrames(Object.fromEntries(dash)));
  const error = read.find((each) => each.error !== null)?.error ?? null;
  return { ...others, 'MPEG-DASH': { error, tracks: read.flatMap(({ tracks }) => tracks) } };
}

function expectAllOf(sent: ReadResult, out: Readonly<Record<string, ReadResult>>, mayLackSound: number): void {
  const trackOf = (kind: string): readonly ReadFrame[] =>
    sent.tracks.find((track) => track.kind === kind)?.frames ?? [];
  for (const [door, { error, tracks }] of Object.entries(out)) {
    expect(error, door).toBeNull();
    expect(new Set(tracks.map(({ kind }) => kind)), door).toEqual(new Set(['video', 'audio']));
    const middles = tracks.map(({ kind, frames }) => {
      const isVideo = kind === 'video';
      // FFmpeg has no time for the first picture of RTSP with B-frames.
      expect(frames.slice(door.startsWith('RTSP') ? 1 : 0).filter(({ pts }) => pts === null)).toEqual([]);
      const { start, middle } = expectTrack(trackOf(kind), frames, isVideo ? 0 : mayLackSound, `${door}: ${kind}`);
      if (isVideo) expect(start.isKey, door).toBe(true);
      return middle;
    });
    // Sound and pictures are in step.
    expect(Math.max(...middles) - Math.min(...middles), `${door}: ${middles.join()}`).toBeLessThanOrEqual(EXACT_S);
  }
}

const createStream = (name: string): Promise<TestStream> =>
  TenantApi.of(server.quickstart).createStream(name, {
    latency_mode: 'low',
    reconnect_window_seconds: 1,
    playlist_window_seconds: 60,
  });

it.concurrent.each<DoorIn>(['rtmp', 'rtsp', 'srt'])(
  'H.264 and AAC by %s come out of all doors, each frame at its time',
  async (door) => {
    const stream = await createStream(`by ${door}`);
    const out = await readAll(stream, doorsOf(stream), async () => {
      await (await publishWithFfmpeg(publishUrl(door, stream), clip, { loops: 0 })).ended();
    });
    const { sent } = await readFrames({ sent: { url: clip } });
    expectAllOf(sent, out, door === 'rtsp' ? MAX_KEPT_BACK : 0);
  },
);

interface CodecCell {
  readonly name: string;
  readonly door: DoorIn;
  readonly video: string;
  readonly audio: string;
  /** Doors that do not carry it. */
  readonly without: readonly string[];
}

const CELLS: readonly CodecCell[] = [
  { name: 'H.265 and AAC by Enhanced RTMP', door: 'rtmp', video: 'libx265', audio: 'aac', without: [] },
  { name: 'H.265 and Opus by RTSP', door: 'rtsp', video: 'libx265', audio: 'libopus', without: [] },
  { name: 'H.265 and Opus by SRT', door: 'srt', video: 'libx265', audio: 'libopus', without: [] },
  {
    name: 'AV1 and Opus by Enhanced RTMP',
    door: 'rtmp',
    video: 'libsvtav1',
    audio: 'libopus',
    without: ['HLS in MPEG-TS'],
  },
  {
    name: 'AV1 and Opus by RTSP',
    door: 'rtsp',
    video: 'libsvtav1',
    audio: 'libopus',
    // By UDP it leaves as in the cell before.
    without: ['HLS in MPEG-TS', 'RTSP over UDP'],
  },
  { name: 'VP9 and Opus by RTSP', door: 'rtsp', video: 'libvpx-vp9', audio: 'libopus', without: ['HLS in MPEG-TS'] },
];

it.each(IS_WHOLE ? CELLS : [])('$name come out of all doors that carry them, each frame at its time', async (cell) => {
  const { name, door, video, audio, without } = cell;
  const stream = await createStream(name);
  const doors = Object.fromEntries(Object.entries(doorsOf(stream)).filter(([name]) => !without.includes(name)));
  const kept = join(folder.path, `${stream.id}.nut`);
  const encoders = { video, audio, seconds: CODED_S };
  const publish = async (url: string): Promise<void> => writeFileSync(kept, await publishWithPyav(url, encoders));
  // PyAV has no SRT.
  if (door === 'srt') await publish(join(folder.path, 'made.flv'));
  const out = await readAll(stream, doors, async () => {
    if (door !== 'srt') return publish(publishUrl(door, stream));
    await (await publishWithFfmpeg(publishUrl(door, stream), kept, { loops: 0 })).ended();
  });
  const { sent } = await readFrames({ sent: { url: kept } });
  expectAllOf(sent, out, door === 'rtsp' ? MAX_KEPT_BACK : 0);
});
