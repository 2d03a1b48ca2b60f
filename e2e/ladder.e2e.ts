// Several tracks of one encoder become a ladder of renditions, over the whole cluster: no part is lost, repeated or changed.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { MediaPlaylist } from '@millrace/protocol/hls';
import { parseMultivariantPlaylist } from '@millrace/protocol/hls/testing';
import { requireProgram } from '@millrace/tools/processes';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { packagerAtWork } from './support/cluster-stream.ts';
import { eventually } from './support/eventually.ts';
import { compareLooped } from './support/frame-ledger.ts';
import { openLowLatencyPage } from './support/low-latency-page.ts';
import { openPlayerPage } from './support/player-page.ts';
import { MultitrackSender, sentFrames } from './support/multitrack-sender.ts';
import { PartRecorder } from './support/part-recorder.ts';
import { startCluster } from './support/start-cluster.ts';
import type { RunningCluster } from './support/start-cluster.ts';
import { TenantApi } from './support/tenant-api.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

/** Less than the pictures of the first track need, and more than those of the second. */
const SLOW_BYTES_PER_SECOND = 45_000;
/** About 4 s on a calm machine. */
const SWITCHED_MS = 60_000;
const NAMES = ['video', 'video1', 'video2', 'audio', 'audio1'];

let cluster: RunningCluster;
let api: TenantApi;

beforeAll(async () => {
  cluster = await startCluster({ edges: 1, packagers: 2, gateways: 1 });
  api = new TenantApi(cluster.gatewayUrl(1), cluster.quickstart.api_key);
});
afterAll(async () => {
  await cluster?.stop();
});

it('three sizes of pictures and two tracks of sound are renditions, and stay so when their packager is killed, and when the encoder comes back', async () => {
  const stream = await api.createStream('ladder', { latency_mode: 'low', reconnect_window_seconds: 10 });
  const of = (file: string): string => `${cluster.gatewayUrl(1)}/hls/${stream.playbackId}/${file}`;
  const port = cluster.ports.edges[0]!.rtmp;
  const sender = await MultitrackSender.publish(port, stream.key);
  await eventually('it is live', async () => (await fetch(of('video.m3u8'))).status === 200);
  const recorders = NAMES.map((name) => new PartRecorder(of(`${name}.m3u8`)).start());
  const { variants, renditions } = parseMultivariantPlaylist(await (await fetch(of('master.m3u8'))).text());
  expect(
    variants.map(({ uri, codecs, resolution, frameRate, audio }) => [uri, codecs, resolution, frameRate, audio]),
  ).toEqual([
    ['video.m3u8', ['avc1.64001e', 'mp4a.40.2'], { width: 640, height: 360 }, 30, 'audio'],
    ['video1.m3u8', ['avc1.64000d', 'mp4a.40.2'], { width: 320, height: 180 }, 30, 'audio'],
    ['video2.m3u8', ['avc1.64000b', 'mp4a.40.2'], { width: 160, height: 90 }, 30, 'audio'],
  ]);
  expect(renditions.map(({ groupId, uri, isDefault }) => [groupId, uri, isDefault])).toEqual([
    ['audio', 'audio.m3u8', true],
    ['audio', 'audio1.m3u8', false],
  ]);
  const [high, middle, low] = variants.map(({ bandwidth }) => bandwidth);
  expect(high).toBeGreaterThan(middle!);
  expect(middle).toBeGreaterThan(low!);

  const { media } = await api.ok('GET', `/v1/playback/${stream.playbackId}`);
  const { tracks } = media as { tracks: readonly Record<string, unknown>[] };
  expect(tracks.map(({ kind, number, height, channels, status }) => [kind, number, height, channels, status])).toEqual([
    ['video', 0, 360, null, 'listed'],
    ['video', 1, 180, null, 'listed'],
    ['video', 2, 90, null, 'listed'],
    ['audio', 0, null, 2, 'listed'],
    ['audio', 1, null, 2, 'listed'],
  ]);
  await eventually('some parts came', () => recorders.every(({ parts }) => parts.size > 8), 30_000);
  const packager = cluster.process(await packagerAtWork(cluster));
  await packager.kill('SIGKILL');
  const atDeath = recorders.map(({ parts }) => parts.size);
  await eventually('parts go on', () => recorders.every(({ parts }, i) => parts.size > atDeath[i]! + 8), 60_000);
  await packager.start();
  await sender.vanish();
  const back = await MultitrackSender.publish(port, stream.key);
  // Those of the first connection may still come: the second one begins with a discontinuity.
  await eventually('the second connection is listed', () => recorders.every(({ last }) => hasReturned(last)), 60_000);
  const seen = recorders.map(({ parts }) => parts.size);
  await eventually('parts come again', () => recorders.every(({ parts }, i) => parts.size > seen[i]! + 8), 60_000);
  await back.stop();
  await eventually(
    'the session has ended',
    async () => (await api.ok('GET', `/v1/live_streams/${stream.id}`))['status'] === 'idle',
    60_000,
  );
  await eventually('the lists are closed', () => recorders.every(({ last }) => last?.endList === true), 60_000);
  for (const recorder of recorders) {
    await recorder.stop();
    await recorder.verifyUnchanged();
    expect(recorder.compareWithSegments()).toBeGreaterThan(3);
    expect(recorder.faults).toEqual([]);
  }
  for (const [index, recorder] of recorders.entries()) {
    const name = NAMES[index]!;
    const arrived = await framesOfFirstConnection(of(`${name}.m3u8`), recorder);
    const sent = sentFrames(name).map((frame) => ({ hash: createHash('md5').update(frame).digest('hex') }));
    const clean = { missing: 0, repeated: 0, unknown: 0, details: [] };
    expect(compareLooped(sent, arrived), name).toEqual(clean);
    expect(arrived.length, name).toBeGreaterThan(sent.length);
  }
  const lists = recorders.map(({ last }) => last!.segments);
  expect(new Set(lists.map(({ length }) => length)).size).toBe(1);
  for (const segments of lists) {
    expect(segments.filter(({ discontinuity }) => discontinuity)).toHaveLength(1);
    expect(segments.some(({ gap }) => gap)).toBe(false);
  }
});

const hasReturned = ({ segments = [], open }: Partial<MediaPlaylist> = {}): boolean =>
  open?.discontinuity === true || segments.some(({ discontinuity }) => discontinuity);

/** MD5 of each frame of a rendition up to its discontinuity, as ffmpeg reads them. */
async function framesOfFirstConnection(url: string, { last, segments }: PartRecorder): Promise<{ hash: string }[]> {
  const { mediaSequence, segments: listed } = last!;
  expect(mediaSequence).toBe(0);
  const map = await fetch(new URL(listed[0]!.map!.uri, url));
  const before = listed.slice(
    0,
    listed.findIndex(({ discontinuity }) => discontinuity),
  );
  const folder = temporaryFolder('rendition');
  const file = join(folder.path, 'rendition.mp4');
  writeFileSync(
    file,
    Buffer.concat([Buffer.from(await map.arrayBuffer()), ...before.map(({ uri }) => segments.get(uri)!)]),
  );
  const args = `-v error -i ${file} -c copy -f framemd5 -`.split(' ');
  const { stdout } = await promisify(execFile)(requireProgram('ffmpeg', 'ffmpeg'), args);
  folder.remove();
  const lines = stdout.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return lines.map((line) => ({ hash: line.split(',').at(5)!.trim() }));
}

it('hls.js takes smaller pictures when its link gets slow, and larger ones when it is fast again', async () => {
  const stream = await api.createStream('switched', { latency_mode: 'low', reconnect_window_seconds: 2 });
  const sender = await MultitrackSender.publish(cluster.ports.edges[0]!.rtmp, stream.key);
  const url = `${cluster.gatewayUrl(1)}/hls/${stream.playbackId}/master.m3u8`;
  await eventually('it is live', async () => (await fetch(url)).status === 200);
  const player = await openLowLatencyPage(url);
  const { page } = player.page;
  const heightIs = (isWanted: string) =>
    page.waitForFunction(`(${isWanted})(document.querySelector('video').videoHeight)`, undefined, {
      timeout: SWITCHED_MS,
    });
  try {
    await heightIs('(height) => height === 360');
    const network = await page.context().newCDPSession(page);
    const limit = (downloadThroughput: number) =>
      network.send('Network.emulateNetworkConditions', {
        offline: false,
        latency: 0,
        downloadThroughput,
        uploadThroughput: -1,
      });
    await network.send('Network.enable');
    await limit(SLOW_BYTES_PER_SECOND);
    await heightIs('(height) => height > 0 && height < 360');
    await limit(-1);
    await heightIs('(height) => height === 360');
    expect((await player.failures()).filter((failure) => failure.startsWith('fatal'))).toEqual([]);
  } finally {
    await player.close();
    await sender.stop();
  }
});

it('Shaka Player and dash.js find all of it in MPEG-DASH, each rendition with what it is', async () => {
  const stream = await api.createStream('dash', {
    latency_mode: 'low',
    reconnect_window_seconds: 2,
    audio_tracks: [
      { track: 0, name: 'Deutsch', language: 'de' },
      { track: 1, name: 'Commentaire français', language: 'fr' },
    ],
  });
  const sender = await MultitrackSender.publish(cluster.ports.edges[0]!.rtmp, stream.key);
  const url = `${cluster.gatewayUrl(1)}/dash/${stream.playbackId}/manifest.mpd`;
  await eventually('it is live', async () => (await fetch(url)).status === 200);
  const master = await (await fetch(`${cluster.gatewayUrl(1)}/hls/${stream.playbackId}/master.m3u8`)).text();
  const sounds = parseMultivariantPlaylist(master).renditions.filter(({ type }) => type === 'AUDIO');
  expect(sounds.map(({ name, language }) => [name, language])).toEqual([
    ['Deutsch', 'de'],
    ['Commentaire français', 'fr'],
  ]);
  const languages = (await (await fetch(url)).text()).matchAll(
    /<AdaptationSet[^>]* contentType="audio"[^>]* lang="(\w+)"/g,
  );
  expect(new Set([...languages].map(([, language]) => language))).toEqual(new Set(['de', 'fr']));
  const players: Awaited<ReturnType<typeof openPlayerPage>>[] = [];
  try {
    for (const [name, read] of [
      [
        'shaka',
        `({
          pictures: player.getVariantTracks().map(({ height, frameRate, videoCodec }) => [height, frameRate, videoCodec]),
          sounds: player.getVariantTracks().map(({ audioId, channelsCount, audioCodec }) => [audioId, channelsCount, audioCodec]),
        })`,
      ],
      [
        'dash.js',
        `({
          pictures: player.getRepresentationsByType('video').map(({ height, frameRate, codecs }) => [height, frameRate, codecs]),
          sounds: player.getTracksFor('audio').map(({ id, codec }) => [id, 2, /"(.*)"/.exec(codec)[1]]),
        })`,
      ],
    ] as const) {
      const opened = await openPlayerPage(name, url);
      players.push(opened);
      await opened.page.until(`${name} shows pictures`, ({ framesDecoded }) => framesDecoded > 20);
      const { pictures, sounds } = await opened.page.page.evaluate<Record<string, unknown[]>>(read);
      const unique = (list: readonly unknown[] = []) => [...new Set(list.map((one) => JSON.stringify(one)))].sort();
      expect(unique(pictures), name).toEqual(
        unique([
          [360, 30, 'avc1.64001e'],
          [180, 30, 'avc1.64000d'],
          [90, 30, 'avc1.64000b'],
        ]),
      );
      expect(unique(sounds), name).toHaveLength(2);
      expect(sounds![0], name).toEqual(expect.arrayContaining([2, 'mp4a.40.2']));
      expect(await opened.failures(), name).toEqual([]);
    }
  } finally {
    await sender.stop();
    for (const player of players) await player.close();
  }
});
