// A second server of ours as the simulcast targets of a first one: what comes by any door leaves for it by every protocol, frame by frame.
// MILLRACE_E2E_SIMULCAST_DOWN_S adds how a stream finds back to a server that was away for so many seconds.
import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { newCertificate } from '@millrace/service-kit/testing';
import { freePorts, requireProgram } from '@millrace/tools/processes';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually } from './support/eventually.ts';
import { EXACT_S, expectTrack } from './support/expect-track.ts';
import { readFrames } from './support/frame-reader.ts';
import type { ReadFrame, ReadResult } from './support/frame-reader.ts';
import { publishWithFfmpeg } from './support/publish-with-ffmpeg.ts';
import { SOURCE_FILE } from './support/source.ts';
import { startStandalone } from './support/start-standalone.ts';
import type { Standalone } from './support/start-standalone.ts';
import { temporaryFolder } from './support/temporary-folder.ts';
import { TenantApi } from './support/tenant-api.ts';
import type { TestStream } from './support/tenant-api.ts';

/** Of the source: a keyframe every two seconds. */
const CLIP_S = '5';
const PASSPHRASE = 'a-long-random-phrase';
/** FFmpeg keeps so many frames of AAC or less for one packet of RTP, and drops those that wait when it ends. */
const MAX_KEPT_BACK = 4;
const DOWN_S = Number(process.env['MILLRACE_E2E_SIMULCAST_DOWN_S'] ?? 0);

let sender: Standalone;
let receiver: Standalone;
let rtspsPort: number;
let certificateFolder: string;
const folder = temporaryFolder('simulcast');
const clip = join(folder.path, 'clip.flv');
beforeAll(async () => {
  const { certFile, keyFile } = await newCertificate();
  [rtspsPort] = (await freePorts(1)) as [number];
  certificateFolder = dirname(certFile);
  const cut = ['-v', 'error', '-i', SOURCE_FILE, '-t', CLIP_S, '-c', 'copy', clip];
  [sender, receiver] = await Promise.all([
    startStandalone({
      // The authority that vouches for the other server's certificate.
      env: { MILLRACE_SIMULCAST_ALLOWED_ADDRESSES: '127.0.0.0/8,::1/128', NODE_EXTRA_CA_CERTS: certFile },
    }),
    startStandalone({
      env: {
        MILLRACE_TLS_CERT_FILE: certFile,
        MILLRACE_TLS_KEY_FILE: keyFile,
        MILLRACE_RTSPS_PORT: String(rtspsPort),
        MILLRACE_RTSP_TLS_CERT_FILE: certFile,
        MILLRACE_RTSP_TLS_KEY_FILE: keyFile,
      },
    }),
    promisify(execFile)(requireProgram('ffmpeg', 'ffmpeg'), cut),
  ]);
});
afterAll(async () => {
  await Promise.all([sender?.stop(), receiver?.stop()]);
  folder.remove();
  rmSync(certificateFolder, { recursive: true, force: true });
});

const apiOf = ({ quickstart }: Standalone): TenantApi => TenantApi.of(quickstart);
const newStream = (server: Standalone, name: string): Promise<TestStream> =>
  apiOf(server).createStream(name, { reconnect_window_seconds: 1, playlist_window_seconds: 60 });

/** How the other server tells its users to publish a stream, and what of that is secret. */
type Told = (stream: TestStream) => Promise<{ readonly target: object; readonly secrets: readonly string[] }>;

const TARGETS: Readonly<Record<string, Told>> = {
  RTMPS: async ({ key }) => ({
    target: { url: `rtmps://localhost:${receiver.ports.rtmps}/live`, stream_key: key },
    secrets: [key],
  }),
  RTSPS: async ({ key }) => ({
    target: { url: `rtsps://localhost:${rtspsPort}/live`, stream_key: key },
    secrets: [key],
  }),
  'SRT, encrypted': async ({ id }) => {
    const keys = `/v1/live_streams/${id}/stream_keys`;
    const key = await apiOf(receiver).ok('POST', keys, { srt_passphrase: PASSPHRASE });
    const address = `srt://127.0.0.1:${receiver.ports.srt}?streamid=publish:${String(key['id'])}`;
    return { target: { url: `${address}&passphrase=${PASSPHRASE}&latency=1000000` }, secrets: [PASSPHRASE] };
  },
  'RTSP, by Digest': async ({ keyId, key }) => ({
    target: { url: `rtsp://encoder:${key}@127.0.0.1:${receiver.ports.rtsp}/live/${keyId}` },
    secrets: [key],
  }),
};

const ENCODERS: Readonly<Record<string, (stream: TestStream) => string>> = {
  RTMP: ({ key }) => `rtmp://127.0.0.1:${sender.ports.rtmp}/live/${key}`,
  RTSP: ({ key }) => `rtsp://127.0.0.1:${sender.ports.rtsp}/live/${key}`,
  // What a busy machine does not notice in time is lost in SRT's live mode: a second, where it is 120 ms by itself.
  SRT: ({ key }) => `srt://127.0.0.1:${sender.ports.srt}?linger=5&latency=1000000&streamid=publish:${key}`,
};

const framesOf = ({ tracks }: ReadResult, kind: string): readonly ReadFrame[] =>
  tracks.find((track) => track.kind === kind)?.frames ?? [];

it.concurrent.each(Object.entries(ENCODERS))(
  'what comes by %s is sent on by RTMPS or RTSPS, SRT and RTSP, each frame at its time',
  async (door, addressOf) => {
    const stream = await newStream(sender, `by ${door}`);
    const path = `/v1/live_streams/${stream.id}/simulcast_targets`;
    const received: Record<string, TestStream> = {};
    const hidden: string[] = [];
    // A tenant may have ten live streams: one of those over TLS from each door.
    const left = door === 'RTSP' ? 'RTMPS' : 'RTSPS';
    for (const [name, tell] of Object.entries(TARGETS).filter(([name]) => name !== left)) {
      received[name] = await newStream(receiver, `${name} from ${door}`);
      const { target, secrets } = await tell(received[name]);
      await apiOf(sender).ok('POST', path, { name, ...target });
      hidden.push(...secrets);
    }
    const inputs = Object.entries(received).map(
      ([name, { playlistUrl }]) => [name, { url: playlistUrl, options: { live_start_index: '0' } }] as const,
    );
    const [seen] = await Promise.all([
      readFrames(Object.fromEntries(inputs)),
      publishWithFfmpeg(addressOf(stream), clip, { loops: 0 }).then((ffmpeg) => ffmpeg.ended()),
    ]);
    const { sent } = await readFrames({ sent: { url: clip } });
    const list = async () => (await apiOf(sender).ok('GET', path))['data'] as Record<string, unknown>[];
    const errors = Object.entries(seen).flatMap(([name, { error }]) => (error === null ? [] : [[name, error]]));
    expect(errors, JSON.stringify(await list())).toEqual([]);
    for (const [name, result] of Object.entries(seen)) {
      const mayLack = door === 'RTSP' ? MAX_KEPT_BACK : 0;
      const video = expectTrack(framesOf(sent, 'video'), framesOf(result, 'video'), 0, `${name}: video`);
      const audio = expectTrack(framesOf(sent, 'audio'), framesOf(result, 'audio'), mayLack, `${name}: audio`);
      expect(video.start.isKey, name).toBe(true);
      expect(Math.abs(video.middle - audio.middle), name).toBeLessThanOrEqual(EXACT_S);
    }
    await eventually('all targets have ended', async () => (await list()).every(({ state }) => state === 'idle'));
    for (const target of await list())
      expect(target).toMatchObject({ last_error: null, bytes_sent: expect.any(Number) as number });
    expect((await list()).every(({ bytes_sent }) => Number(bytes_sent) > 100_000)).toBe(true);
    const shown = JSON.stringify([
      await list(),
      await apiOf(sender).ok('GET', '/v1/events?limit=100'),
      sender.logs.lines,
    ]);
    for (const secret of hidden) expect(shown).not.toContain(secret);
  },
);

it.each(DOWN_S > 0 ? [DOWN_S] : [])(
  'finds back by itself to a server that was away for %i s',
  async (seconds) => {
    const stream = await newStream(sender, 'with a server that is away');
    const path = `/v1/live_streams/${stream.id}/simulcast_targets`;
    const received: TestStream[] = [];
    for (const [name, tell] of Object.entries(TARGETS)) {
      const other = await newStream(receiver, `${name}, away`);
      received.push(other);
      await apiOf(sender).ok('POST', path, { name, ...(await tell(other)).target });
    }
    const list = async () => (await apiOf(sender).ok('GET', path))['data'] as Record<string, unknown>[];
    const until = (state: string, ms: number) =>
      eventually(`all targets are ${state}`, async () => (await list()).every((each) => each['state'] === state), ms);
    const ffmpeg = await publishWithFfmpeg(ENCODERS['RTMP']!(stream), SOURCE_FILE);
    await until('connected', 20_000);
    await receiver.kill();
    await until('waiting', 20_000);
    await delay(seconds * 1_000);
    await receiver.process.start();
    // At the longest pause.
    await until('connected', 60_000);
    for (const { playlistUrl } of received)
      await eventually('it is live again', async () => (await fetch(playlistUrl)).ok, 30_000);
    expect(ffmpeg.running).toBe(true);
    await ffmpeg.stop();
  },
  300_000,
);
