// Codecs of Enhanced RTMP: every picture that the encoder sent is decoded from HLS, every frame of sound is there, and both come over HTTP-FLV as they
// were sent. A browser that cannot decode the pictures says so.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodePictures } from './support/decode-pictures.ts';
import { eventually } from './support/eventually.ts';
import { readFlvTags } from './support/flv-tags.ts';
import type { FlvTag } from './support/flv-tags.ts';
import { HlsRecorder } from './support/hls-recorder.ts';
import { openLowLatencyPage } from './support/low-latency-page.ts';
import type { LowLatencyPage } from './support/low-latency-page.ts';
import { publishWithPyav } from './support/pyav-publisher.ts';
import { amf0 } from './support/raw-amf.ts';
import { RawRtmpClient } from './support/raw-rtmp-client.ts';
import { startStandalone } from './support/start-standalone.ts';
import type { Standalone } from './support/start-standalone.ts';
import { temporaryFolder } from './support/temporary-folder.ts';
import { TenantApi } from './support/tenant-api.ts';
import { WatchPage } from './support/watch-page.ts';

/** Written by FFmpeg 8, as it sends Enhanced RTMP. */
const FILE = new URL('../media/bbb-h265-aac-enhanced.flv', import.meta.url).pathname;
const PICTURES = 120;
const [AUDIO, VIDEO] = [8, 9];
const START_CODE = Buffer.of(0, 0, 0, 1);

let server: Standalone;
beforeAll(async () => {
  server = await startStandalone();
});
afterAll(() => server?.stop());

/** ExVideoTagHeader: FourCC `hvc1`, PacketType 0 for a record, 1 with a composition time, 3 without. */
function h265Of(tags: readonly FlvTag[]): { readonly records: Buffer[]; readonly pictures: Buffer[] } {
  const records: Buffer[] = [];
  const pictures: Buffer[] = [];
  for (const { type, body } of tags) {
    if (type !== VIDEO || body.toString('latin1', 1, 5) !== 'hvc1') continue;
    const packetType = body[0]! & 15;
    if (packetType === 0) records.push(body.subarray(5));
    if (packetType === 1) pictures.push(body.subarray(8));
    if (packetType === 3) pictures.push(body.subarray(5));
  }
  return { records, pictures };
}

/** The parameter sets of a record (ISO/IEC 14496-15 section 8.3.3.1.2) and the pictures, behind start codes. */
function byteStream(record: Buffer, pictures: readonly Buffer[]): Buffer {
  const parts: Buffer[] = [];
  for (let arrays = record[22]!, at = 23; arrays > 0; arrays--) {
    let units = record.readUInt16BE(at + 1);
    for (at += 3; units > 0; units--) {
      const length = record.readUInt16BE(at);
      parts.push(START_CODE, record.subarray(at + 2, at + 2 + length));
      at += 2 + length;
    }
  }
  for (const picture of pictures)
    for (let at = 0; at < picture.length;) {
      const length = picture.readUInt32BE(at);
      parts.push(START_CODE, picture.subarray(at + 4, at + 4 + length));
      at += 4 + length;
    }
  return Buffer.concat(parts);
}

it('H.265 is decoded from HLS picture by picture, named in the playlist, carried by HTTP-FLV, and explained where it cannot be decoded', async () => {
  const api = TenantApi.of(server.quickstart);
  const stream = await api.createStream('h265', { reconnect_window_seconds: 1 });
  const recorder = new HlsRecorder(stream.playlistUrl).start();
  const watchPage = await WatchPage.open(stream.watchUrl);
  const isDecoded = await watchPage.page.evaluate(() =>
    MediaSource.isTypeSupported('video/mp4; codecs="hvc1.1.6.L60.90"'),
  );
  const shown = watchPage.until('the page has tried', ({ text, framesDecoded }) =>
    isDecoded ? framesDecoded > 0 : text.includes('This browser cannot decode the stream'),
  );
  shown.catch(() => undefined);
  const tags = readFlvTags(FILE);
  const flvUrl = `http://127.0.0.1:${server.ports.http}/live/${stream.playbackId}.flv`;
  const client = await RawRtmpClient.publish(server.ports.rtmp, 'live', stream.key);
  await client.setChunkSize(4096);
  let flv: Promise<Response> | undefined;
  const startedAt = performance.now();
  for (const { type, timestampMs, body } of tags) {
    const waitMs = startedAt + timestampMs - performance.now();
    if (waitMs > 0) await delay(waitMs);
    const chunks = { csid: type === AUDIO ? 4 : 6, headers: 'full' } as const;
    await client.send({ type, streamId: 1, timestamp: timestampMs, body }, chunks);
    if (type === VIDEO) flv ??= fetch(flvUrl);
  }
  const multivariant = await eventually('the playlist is there', async () => {
    const answer = await fetch(new URL('master.m3u8', stream.playlistUrl));
    return answer.ok ? answer.text() : undefined;
  });
  expect(client.closed, client.statuses.at(-1)?.description).toBe(false);
  await client.command('deleteStream', 9, null, 1);
  await client.end();
  await shown;
  expect(watchPage.losses).toEqual([]);
  await watchPage.browser.close();
  await recorder.until('the list is closed', ({ last }) => last?.ended === true);
  await recorder.stop();

  expect(multivariant).toMatch(/CODECS="hvc1\.1\.6\.L60\.90,mp4a\.40\.2",RESOLUTION=320x180/);
  const sent = h265Of(tags);
  expect(sent.pictures).toHaveLength(PICTURES);
  const wanted = await decodePictures('hevc', byteStream(sent.records[0]!, sent.pictures));
  const segments = Buffer.concat(recorder.ordered.map(({ bytes }) => bytes));
  const seen = await decodePictures('mpegts', segments);
  expect(wanted.hashes).toHaveLength(PICTURES);
  expect(seen.hashes).toEqual(wanted.hashes);

  const folder = temporaryFolder('h265');
  const file = join(folder.path, 'viewed.flv');
  const answer = await flv!;
  expect(answer.status).toBe(200);
  writeFileSync(file, Buffer.from(await answer.arrayBuffer()));
  expect(readFileSync(file).subarray(0, 3).toString()).toBe('FLV');
  const viewed = h265Of(readFlvTags(file));
  expect(viewed.records.length).toBeGreaterThan(0);
  expect(viewed.pictures).toEqual(sent.pictures.slice(-viewed.pictures.length));
  expect(viewed.pictures.length).toBeGreaterThan(PICTURES / 2);
  folder.remove();
});

const mediaFile = (name: string): string => new URL(`../media/${name}`, import.meta.url).pathname;
const md5 = (bytes: Buffer): string => createHash('md5').update(bytes).digest('hex');
/** AudioPacketType 1 behind SoundFormat 9, and a FourCC. */
const codedSounds = (tags: readonly FlvTag[]): FlvTag[] =>
  tags.filter(({ type, body }) => type === AUDIO && body[0] === 0x91);

/** Each packet of sound as FFmpeg reads it: its time in seconds, and the MD5 of its bytes. */
async function soundsIn(
  bytes: Buffer,
  format = 'mpegts',
): Promise<{ readonly seconds: number; readonly md5: string }[]> {
  const folder = temporaryFolder('sound');
  const file = join(folder.path, 'input');
  writeFileSync(file, bytes);
  const input = ['-v', 'error', '-copyts', '-f', format, '-i', file];
  const { stdout } = await promisify(execFile)('ffmpeg', [
    ...input,
    '-map',
    '0:a',
    '-c',
    'copy',
    '-f',
    'framemd5',
    '-',
  ]);
  folder.remove();
  const lines = stdout.split('\n').filter((line) => line !== '');
  const [, over, under] = /^#tb 0: (\d+)\/(\d+)/.exec(lines.find((line) => line.startsWith('#tb')) ?? '') ?? [];
  const fields = lines
    .filter((line) => !line.startsWith('#'))
    .map((line) => line.split(',').map((field) => field.trim()));
  // Side data adds columns behind the hash.
  return fields.map((field) => ({ seconds: (Number(field[2]) * Number(over)) / Number(under), md5: field[5]! }));
}

it.concurrent.each([
  ['AC-3', 'bbb-ac3-enhanced.flv', FILE, 'hvc1.1.6.L60.90,ac-3'],
  ['E-AC-3', 'bbb-eac3-enhanced.flv', undefined, 'ec-3'],
  ['Opus', 'bbb-opus-enhanced.flv', FILE, 'hvc1.1.6.L60.90,Opus'],
])(
  '%s is in HLS frame by frame, at its time, named in the playlist, and carried by HTTP-FLV',
  async (name, sound, pictures, codecs) => {
    const api = TenantApi.of(server.quickstart);
    const stream = await api.createStream(name, { reconnect_window_seconds: 1 });
    const recorder = new HlsRecorder(stream.playlistUrl).start();
    const sounds = readFlvTags(mediaFile(sound)).filter(({ type }) => type === AUDIO);
    const others = pictures === undefined ? [] : readFlvTags(pictures).filter(({ type }) => type === VIDEO);
    const tags = [...sounds, ...others].sort((a, b) => a.timestampMs - b.timestampMs);
    const client = await RawRtmpClient.publish(server.ports.rtmp, 'live', stream.key);
    await client.setChunkSize(4096);
    const multivariant = eventually('the playlist is there', async () => {
      const answer = await fetch(new URL('master.m3u8', stream.playlistUrl));
      return answer.ok ? answer.text() : undefined;
    });
    multivariant.catch(() => undefined);
    let flv: Promise<Response> | undefined;
    const startedAt = performance.now();
    for (const { type, timestampMs, body } of tags) {
      const waitMs = startedAt + timestampMs - performance.now();
      if (waitMs > 0) await delay(waitMs);
      const chunks = { csid: type === AUDIO ? 4 : 6, headers: 'full' } as const;
      await client.send({ type, streamId: 1, timestamp: timestampMs, body }, chunks);
      if (timestampMs > 500) flv ??= fetch(`http://127.0.0.1:${server.ports.http}/live/${stream.playbackId}.flv`);
    }
    expect(client.closed, client.statuses.at(-1)?.description).toBe(false);
    expect(client.statuses.filter(({ description }) => /^un(supported|readable)/.test(description))).toEqual([]);
    await client.command('deleteStream', 9, null, 1);
    await client.end();
    await recorder.until('the list is closed', ({ last }) => last?.ended === true);
    await recorder.stop();
    expect(recorder.faults).toEqual([]);
    expect(await multivariant).toContain(`CODECS="${codecs}"`);

    const sent = codedSounds(sounds);
    const seen = await soundsIn(Buffer.concat(recorder.ordered.map(({ bytes }) => bytes)));
    expect(seen.map((one) => one.md5)).toEqual(sent.map(({ body }) => md5(body.subarray(5))));
    const [first] = seen;
    for (const [index, { seconds }] of seen.entries()) {
      const sentSeconds = (sent[index]!.timestampMs - sent[0]!.timestampMs) / 1_000;
      expect(Math.abs(seconds - first!.seconds - sentSeconds)).toBeLessThan(0.002);
    }

    const answer = await flv!;
    expect(answer.status).toBe(200);
    const folder = temporaryFolder('flv');
    const file = join(folder.path, 'viewed.flv');
    writeFileSync(file, Buffer.from(await answer.arrayBuffer()));
    const viewed = codedSounds(readFlvTags(file));
    folder.remove();
    expect(viewed.length).toBeGreaterThan(sent.length / 2);
    expect(viewed.map(({ body }) => md5(body))).toEqual(sent.slice(-viewed.length).map(({ body }) => md5(body)));
  },
);

/** What a rendition of a stream that has ended holds: its initialisation map and all segments that are listed. */
async function renditionOf(playlistUrl: string, file: string): Promise<Buffer> {
  const url = new URL(file, playlistUrl);
  const text = await (await fetch(url)).text();
  const maps = [...text.matchAll(/^#EXT-X-MAP:URI="([^"]+)"$/gm)].map(([, name]) => name!);
  const names = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  expect(maps).toHaveLength(1);
  expect(text).not.toMatch(/EXT-X-(GAP|DISCONTINUITY)\n/);
  const answers = [...maps, ...names].map(async (name) =>
    Buffer.from(await (await fetch(new URL(name, url))).arrayBuffer()),
  );
  return Buffer.concat(await Promise.all(answers));
}

const fromFirst = (times: readonly number[]): number[] => times.map((time) => time - times[0]!);

/** FLV has milliseconds: a time may be off by as much as one is rounded. */
function expectTimes(seen: readonly number[], sent: readonly number[]): void {
  expect(seen).toHaveLength(sent.length);
  const off = fromFirst(seen).map((time, index) => Math.abs(time - fromFirst(sent)[index]!));
  expect(Math.max(...off)).toBeLessThan(0.0021);
}

interface PyavCase {
  readonly latency: 'low' | 'standard';
  readonly video: string;
  readonly audio: string;
  readonly codecs: RegExp;
  /** Whether MPEG-TS carries the pictures, and the sound. */
  readonly inTs: readonly [boolean, boolean];
  /** Whether Chromium decodes both. */
  readonly isPlayed: boolean;
}

const PYAV_SECONDS = 7;
/** How often a clip is sent until a page shows it. */
const MAX_LOOPS = 12;

async function arrives(name: string, { latency, video, audio, codecs, inTs, isPlayed }: PyavCase): Promise<void> {
  const api = TenantApi.of(server.quickstart);
  const stream = await api.createStream(name, { latency_mode: latency, reconnect_window_seconds: 1 });
  const { playlistUrl } = stream;
  const recorder = new HlsRecorder(playlistUrl).start();
  const masterUrl = new URL('master.m3u8', playlistUrl).href;
  const publishing = publishWithPyav(`rtmp://127.0.0.1:${server.ports.rtmp}/live/${stream.key}`, {
    video,
    audio,
    seconds: PYAV_SECONDS,
  });
  publishing.catch(() => undefined);
  const master = await eventually('the multivariant playlist is there', async () => {
    const answer = await fetch(masterUrl);
    return answer.ok ? answer.text() : undefined;
  });
  expect(master).toMatch(new RegExp(`CODECS="${codecs.source}",RESOLUTION=320x180,FRAME-RATE=25`));
  expect(master.split('\n').filter((line) => /^\w/.test(line))).toEqual(
    inTs.every(Boolean) ? ['video.m3u8', 'index.m3u8'] : ['video.m3u8'],
  );
  if (isPlayed) {
    const player = await openLowLatencyPage(masterUrl);
    await player.page.until('pictures move', ({ framesDecoded }) => framesDecoded > 20);
    const folder = temporaryFolder('picture');
    const { colors, brightness } = await player.page.picture(join(folder.path, 'page.png'));
    folder.remove();
    expect(colors).toBeGreaterThan(200);
    expect(brightness).toBeGreaterThan(40);
    const heard = await player.page.page.evaluate(
      () =>
        (document.querySelector('video') as unknown as { webkitAudioDecodedByteCount: number })
          .webkitAudioDecodedByteCount,
    );
    expect(heard).toBeGreaterThan(1_000);
    expect(await player.kinds()).toEqual(['m4s']);
    expect((await player.failures()).filter((failure) => failure.startsWith('fatal'))).toEqual([]);
    await player.close();
  }
  const sent = await publishing;
  await recorder.until('the list is closed', ({ last }) => last?.ended === true);
  await recorder.stop();
  expect(recorder.faults).toEqual([]);

  const pictures = await decodePictures('nut', sent);
  expect(pictures.hashes).toHaveLength(PYAV_SECONDS * 25);
  const seen = await decodePictures('mp4', await renditionOf(playlistUrl, 'video.m3u8'));
  expect(seen.hashes).toEqual(pictures.hashes);
  const ticks = (times: readonly number[]): number[] => times.map((time) => time / 90_000);
  expectTimes(ticks(seen.times), ticks(pictures.times));
  const sounds = await soundsIn(sent, 'nut');
  const heard = await soundsIn(await renditionOf(playlistUrl, 'audio.m3u8'), 'mp4');
  expect(heard.map((one) => one.md5)).toEqual(sounds.map((one) => one.md5));
  expectTimes(
    heard.map(({ seconds }) => seconds),
    sounds.map(({ seconds }) => seconds),
  );

  const segments = Buffer.concat(recorder.ordered.map(({ bytes }) => bytes));
  const [picturesInTs, soundInTs] = inTs;
  if (picturesInTs) expect((await decodePictures('mpegts', segments)).hashes).toEqual(pictures.hashes);
  if (soundInTs) expect((await soundsIn(segments)).map((one) => one.md5)).toEqual(sounds.map((one) => one.md5));
}

describe('codecs of FFmpeg 8 arrive in CMAF, every frame once and at its time, in MPEG-TS where that has a place for them, and in Chromium where it decodes them', () => {
  // Two at a time, so that two cores encode, package, decode and play them in real time.
  describe('pictures and sound', () => {
    it.concurrent.each<[string, PyavCase]>([
      [
        'AV1 and Opus',
        {
          latency: 'low',
          video: 'libsvtav1',
          audio: 'libopus',
          codecs: /av01\.0\.00M\.08,Opus/,
          inTs: [false, true],
          isPlayed: true,
        },
      ],
      [
        'H.265 and E-AC-3',
        {
          latency: 'low',
          video: 'libx265',
          audio: 'eac3',
          codecs: /hvc1\.1\.6\.L60\.90,ec-3/,
          inTs: [true, true],
          isPlayed: false,
        },
      ],
    ])('%s', arrives);
  });
  describe('more of them', () => {
    it.concurrent.each<[string, PyavCase]>([
      [
        'VP9 and FLAC',
        {
          latency: 'standard',
          video: 'libvpx-vp9',
          audio: 'flac',
          codecs: /vp09\.00\.\d\d\.08,fLaC/,
          inTs: [false, false],
          isPlayed: true,
        },
      ],
      [
        'H.264 and AC-3',
        {
          latency: 'low',
          video: 'libx264',
          audio: 'ac3',
          codecs: /avc1\.[0-9a-f]{6},ac-3/,
          inTs: [true, true],
          isPlayed: false,
        },
      ],
    ])('%s', arrives);
  });
});

it('pictures of another codec and size, in the middle of a stream, are played on in Chromium', async () => {
  const api = TenantApi.of(server.quickstart);
  const stream = await api.createStream('change', { latency_mode: 'low', reconnect_window_seconds: 1 });
  const clipOf = (pictures: string, sound: string): readonly FlvTag[] => [
    ...readFlvTags(mediaFile(pictures)).filter(({ type }) => type === VIDEO),
    ...readFlvTags(mediaFile(sound)).filter(({ type }) => type === AUDIO),
  ];
  const client = await RawRtmpClient.publish(server.ports.rtmp, 'live', stream.key);
  await client.setChunkSize(4096);
  const url = new URL('master.m3u8', stream.playlistUrl).href;
  const opening = eventually('it is live', async () => (await fetch(url)).ok).then(() => openLowLatencyPage(url));
  opening.catch(() => undefined);
  const startedAt = performance.now();
  let sentMs = 0;
  /** Sends a clip again and again until the page shows pictures of this width. */
  const sendUntil = async (clip: readonly FlvTag[], lengthMs: number, width: number): Promise<void> => {
    const tags = clip.filter(({ timestampMs }) => timestampMs < lengthMs).sort((a, b) => a.timestampMs - b.timestampMs);
    for (let loop = 0; loop < MAX_LOOPS; loop++, sentMs += lengthMs) {
      for (const { type, timestampMs, body } of tags) {
        const timestamp = sentMs + timestampMs;
        const waitMs = startedAt + timestamp - performance.now();
        if (waitMs > 0) await delay(waitMs);
        await client.send({ type, streamId: 1, timestamp, body }, { csid: type, headers: 'full' });
      }
      if (player?.shown === width) return;
    }
    throw new Error(`the page shows pictures of the width ${player?.shown}, and not ${width}`);
  };
  let player: { readonly opened: LowLatencyPage; shown: number } | undefined;
  const watching = opening.then(async (opened) => {
    const seen = (player = { opened, shown: 0 });
    for (const width of [320, 960]) {
      const { framesDecoded } = await opened.page.state();
      await opened.page.page.waitForFunction((wanted) => document.querySelector('video')?.videoWidth === wanted, width);
      await opened.page.until('pictures move', (state) => state.framesDecoded > framesDecoded + 20);
      seen.shown = width;
    }
  });
  watching.catch(() => undefined);
  await sendUntil(clipOf('bbb-vp9-enhanced.flv', 'bbb-opus-enhanced.flv'), 3_000, 320);
  await sendUntil(clipOf('bbb-av1-opus-enhanced.flv', 'bbb-av1-opus-enhanced.flv'), 7_000, 960);
  await watching;
  const { opened } = player!;
  expect((await opened.failures()).filter((failure) => failure.startsWith('fatal'))).toEqual([]);
  await opened.close();
  expect(client.closed, client.statuses.at(-1)?.description).toBe(false);
  await client.end();
});

it('HDR that an encoder describes beside the bit stream is in the playlist and in CMAF, as ffprobe reads it', async () => {
  const api = TenantApi.of(server.quickstart);
  const stream = await api.createStream('hdr', { latency_mode: 'low' });
  const client = await RawRtmpClient.publish(server.ports.rtmp, 'live', stream.key);
  await client.setChunkSize(4096);
  const hdr10 = {
    colorConfig: { bitDepth: 10, colorPrimaries: 9, transferCharacteristics: 16, matrixCoefficients: 9 },
    hdrCll: { maxFall: 400, maxCLL: 1_000 },
    hdrMdcv: {
      redX: 0.68,
      redY: 0.32,
      greenX: 0.265,
      greenY: 0.69,
      blueX: 0.15,
      blueY: 0.06,
      whitePointX: 0.3127,
      whitePointY: 0.329,
      maxLuminance: 1_000,
      minLuminance: 0.0001,
    },
  };
  // VideoPacketType.Metadata of `vp09`: the bit stream of the clip leaves its colours open.
  const metadata = Buffer.concat([Buffer.from('94', 'hex'), Buffer.from('vp09'), amf0('colorInfo', hdr10)]);
  await client.send({ type: VIDEO, streamId: 1, timestamp: 0, body: metadata }, { csid: VIDEO, headers: 'full' });
  const clip = readFlvTags(mediaFile('bbb-vp9-enhanced.flv')).filter(
    // FFmpeg takes back what was said of colours: it knows of none.
    ({ type, body }) => type === VIDEO && (body[0]! & 15) !== 4,
  );
  for (const loopMs of [0, 4_000])
    for (const { type, timestampMs, body } of clip.filter((tag) => tag.timestampMs < 4_000))
      await client.send({ type, streamId: 1, timestamp: loopMs + timestampMs, body }, { csid: type, headers: 'full' });
  const master = new URL('master.m3u8', stream.playlistUrl).href;
  const text = await eventually('it is live', async () => {
    const response = await fetch(master);
    return response.ok ? response.text() : undefined;
  });
  expect(text).toMatch(/#EXT-X-STREAM-INF:.*VIDEO-RANGE=PQ/);
  const { stdout } = await promisify(execFile)('ffprobe', ['-v', 'error', '-show_streams', '-of', 'json', master]);
  const { streams } = JSON.parse(stdout) as { streams: { side_data_list?: { side_data_type: string }[] }[] };
  expect(streams[0]!.side_data_list).toEqual([
    expect.objectContaining({ side_data_type: 'Mastering display metadata', max_luminance: '10000000/10000' }),
    expect.objectContaining({ side_data_type: 'Content light level metadata', max_content: 1_000, max_average: 400 }),
  ]);
  await client.end();
});

it('an encoder that pauses for longer than a segment has room for is played on by hls.js, behind a discontinuity', async () => {
  const PAUSE_MS = 2_500;
  const api = TenantApi.of(server.quickstart);
  const stream = await api.createStream('pause', { latency_mode: 'low', reconnect_window_seconds: 1 });
  const url = new URL('master.m3u8', stream.playlistUrl).href;
  const client = await RawRtmpClient.publish(server.ports.rtmp, 'live', stream.key);
  await client.setChunkSize(4096);
  // A second into a segment.
  const tags = readFlvTags(mediaFile('bbb-h264-aac.flv')).filter(({ timestampMs }) => timestampMs < 16_000);
  const startedAt = performance.now();
  const sending = (async () => {
    for (const { type, timestampMs, body } of tags) {
      const timestamp = timestampMs < 7_000 ? timestampMs : timestampMs + PAUSE_MS;
      const waitMs = startedAt + timestamp - performance.now();
      if (waitMs > 0) await delay(waitMs);
      await client.send({ type, streamId: 1, timestamp, body }, { csid: type, headers: 'full' });
    }
  })();
  await eventually('it is live', async () => (await fetch(url)).ok);
  const opened = await openLowLatencyPage(url);
  await opened.page.until('pictures move', ({ framesDecoded }) => framesDecoded > 20);
  const list = new URL('video.m3u8', stream.playlistUrl).href;
  const text = await eventually('the pause is over', async () => {
    const answer = await (await fetch(list)).text();
    return answer.includes('#EXT-X-DISCONTINUITY\n') ? answer : undefined;
  });
  const target = Number(/#EXT-X-TARGETDURATION:(\d+)/.exec(text)![1]);
  for (const [, seconds] of text.matchAll(/#EXTINF:([\d.]+)/g))
    expect(Math.round(Number(seconds))).toBeLessThanOrEqual(target);
  const { framesDecoded } = await opened.page.state();
  // All but a second or two of what is left.
  await opened.page.until('pictures go on', (state) => state.framesDecoded > framesDecoded + 120);
  await sending;
  expect((await opened.failures()).filter((failure) => failure.startsWith('fatal'))).toEqual([]);
  await opened.close();
  await client.end();
});
