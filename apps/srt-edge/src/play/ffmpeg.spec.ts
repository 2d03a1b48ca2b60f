// ffmpeg and libsrt as the outside judges: what they play is what was published, frame by frame, with its times.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { join, resolve } from 'node:path';
import { FrameKind } from '@millrace/domain';
import { tagsOf } from '@millrace/ingest/testing';
import { splitAccessUnit } from '@millrace/protocol/nal';
import { afterEach, expect, it } from 'vitest';
import { TestEdge } from '../testing/test-edge.ts';

const CLIP = join(resolve(import.meta.dirname, '../../../../media'), 'bbb-h264-aac.flv');
const SECONDS = 6;

let edge: TestEdge;
afterEach(() => edge.stop());

interface Run {
  readonly args: readonly string[];
  readonly input?: Buffer;
}

/** @returns what the program writes to its output, once it has ended without an error */
async function run(program: string, { args, input }: Run): Promise<Buffer> {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  let said = '';
  const out: Buffer[] = [];
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  child.stdout.on('data', (piece: Buffer) => out.push(piece));
  child.stdin.end(input);
  const code = await new Promise<number | null>((done) => child.on('close', done));
  if (code !== 0) throw new Error(`${program} ended with ${code}: ${said}`);
  return Buffer.concat(out);
}

const ffmpeg = (args: readonly string[], input?: Buffer) =>
  run('ffmpeg', { args: ['-hide_banner', '-loglevel', 'error', ...args], ...(input && { input }) });

interface Played {
  readonly pts90k: number;
  readonly hash: string;
}

/** Coded frames as ffmpeg reads them: slices without parameter sets and delimiters, sound without headers. */
async function framesOf(source: string, input?: Buffer): Promise<Record<'video' | 'audio', Played[]>> {
  const bare = ['-c', 'copy', '-bsf:v', 'filter_units=pass_types=1-5', '-bsf:a', 'aac_adtstoasc'];
  const text = await ffmpeg(
    ['-copyts', '-i', source, '-map', '0:v', '-map', '0:a', ...bare, '-f', 'framemd5', '-'],
    input,
  );
  const lines = text
    .toString()
    .split('\n')
    .filter((line) => /^[01],/.test(line))
    .map((line) => line.split(',').map((field) => field.trim()));
  const scale = (stream: string) => {
    const [, from = 1, to = 1] = new RegExp(`#tb ${stream}: (\\d+)/(\\d+)`).exec(text.toString()) ?? [];
    return (90_000 * Number(from)) / Number(to);
  };
  const of = (stream: string) =>
    lines
      .filter(([index]) => index === stream)
      .map((fields) => ({ pts90k: Number(fields[2]) * scale(stream), hash: fields[5]! }));
  return { video: of('0'), audio: of('1') };
}

const TAGS = tagsOf(CLIP).filter(({ body }) => body[1] === 1);
const hashOf = (bytes: Buffer): string => createHash('md5').update(bytes).digest('hex');
/** As ffmpeg writes a byte stream: a long start code first, then short ones. */
const slicesOf = (picture: Buffer): Buffer =>
  Buffer.concat(
    splitAccessUnit(picture, 4)
      .filter((nalUnit) => (nalUnit[0]! & 0x1f) <= 5)
      .flatMap((nalUnit, i) => [i === 0 ? Buffer.of(0, 0, 0, 1) : Buffer.of(0, 0, 1), nalUnit]),
  );
const PICTURES = TAGS.filter(({ type }) => type === 9).map(({ timestamp, body }) => ({
  pts90k: (timestamp + ((body.readUIntBE(2, 3) << 8) >> 8)) * 90,
  hash: hashOf(slicesOf(body.subarray(5))),
}));
const SOUNDS = TAGS.filter(({ type }) => type === 8).map(({ timestamp, body }) => ({
  pts90k: timestamp * 90,
  hash: hashOf(body.subarray(2)),
}));

/** Checks that a player has had these from one on, to the last that was sent. @returns how far its clock is ahead of the source's */
function expectFrames(played: readonly Played[], sent: readonly Played[]): number {
  const first = sent.findIndex(({ hash }) => hash === played[0]!.hash);
  const expected = sent.slice(first, first + played.length);
  expect(played.map(({ hash }) => hash)).toEqual(expected.map(({ hash }) => hash));
  const zero = played[0]!.pts90k - expected[0]!.pts90k;
  expect(Math.max(...played.map(({ pts90k }, i) => Math.abs(pts90k - zero - expected[i]!.pts90k)))).toBeLessThan(135);
  return zero;
}

it('is published to and played by srt-live-transmit, every coded frame at its time, until the end', async () => {
  edge = await TestEdge.start({ settings: { srtPlayWaitMs: 20_000 } });
  const stream = edge.control.newStream({ reconnectWindowMs: 0 });
  const { playbackId } = edge.control.newPlayback(stream);
  const address = (streamId: string) => `srt://127.0.0.1:${edge.ports.srt}?streamid=${streamId}&latency=500`;
  const recorder = await edge.record(stream.streamId);
  const source = spawn(
    'ffmpeg',
    `-v error -nostdin -readrate 4 -t ${SECONDS} -i ${CLIP} -c copy -f mpegts -`.split(' '),
  );
  const sent: Buffer[] = [];
  source.stdout.on('data', (piece: Buffer) => sent.push(piece));
  const transmit = ['-q', '-a:no', '-chunk:1316'];
  const sender = spawn('srt-live-transmit', [
    ...transmit,
    'file://con',
    `${address(`publish:${stream.key}`)}&linger=3`,
  ]);
  source.stdout.pipe(sender.stdin);
  // It connects once, and does not try again: it comes when there is something to play.
  await expect.poll(() => edge.liveStore.readLiveStream(stream.streamId)).toBeDefined();
  const playing = run('srt-live-transmit', { args: [...transmit, address(`play:${playbackId}`), 'file://con'] });
  // The end of its input is no end to the sender.
  await recorder.until(() => recorder.frames.filter(({ kind }) => kind === FrameKind.video).length >= 170);
  sender.kill();
  const received = await playing;
  const [published, played] = [await framesOf('pipe:0', Buffer.concat(sent)), await framesOf('pipe:0', received)];
  expect(published.video.length).toBeGreaterThan(160);
  expect(played.video.length).toBeGreaterThan(30);
  expect(played.audio.length).toBeGreaterThan(40);
  const zeros = [expectFrames(played.video, published.video), expectFrames(played.audio, published.audio)];
  expect(Math.abs(zeros[0]! - zeros[1]!)).toBeLessThan(135);
});

it('plays every coded frame at its time to ffmpeg, by both forms of stream ids, until the end', async () => {
  edge = await TestEdge.start({ settings: { srtPlayWaitMs: 20_000 } });
  const stream = edge.control.newStream({ reconnectWindowMs: 0 });
  const { playbackId } = edge.control.newPlayback(stream);
  const address = (streamId: string, rest: string) =>
    `srt://127.0.0.1:${edge.ports.srt}?streamid=${streamId}&latency=${rest}`;
  const publish = ['-readrate', '4', '-t', String(SECONDS), '-i', CLIP, '-c', 'copy', '-f', 'mpegts'];
  const name = encodeURIComponent(`#!::r=${playbackId},m=request`);
  // Both players wait for the stream.
  const [byFfmpeg, received] = await Promise.all([
    framesOf(address(`play:${playbackId}`, '500000&connect_timeout=20000')),
    ffmpeg(['-i', address(name, '500000&connect_timeout=20000'), '-c', 'copy', '-f', 'mpegts', '-']),
    ffmpeg([...publish, `${address(`publish:${stream.key}`, '500000')}&pkt_size=1316&linger=3`]),
  ]);
  for (const { video, audio } of [byFfmpeg, await framesOf('pipe:0', received)]) {
    // From a keyframe on: which one is the newest depends on when the stream is found.
    expect(video.length).toBeGreaterThan(30);
    expect(audio.length).toBeGreaterThan(40);
    // One zero for both: they are in step.
    expect(Math.abs(expectFrames(video, PICTURES) - expectFrames(audio, SOUNDS))).toBeLessThan(135);
  }
});
