// SRT that the edge pulls as a caller: from ffmpeg (libsrt) as a listener, from another edge, and from what does not let it in.
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { FrameKind } from '@millrace/domain';
import { SourcePuller } from '@millrace/ingest';
import { pulledSources } from '@millrace/ingest/testing';
import type { TestStream } from '@millrace/ingest/testing';
import type { FrameRecorder } from '@millrace/frame-bus/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CLIP, expectClip, mediaOf } from '../testing/clip.ts';
import { TestEdge } from '../testing/test-edge.ts';
import { TestEncoder } from '../testing/test-encoder.ts';

const FAST = { pullAllowedAddresses: ['127.0.0.0/8'], pullRetryMinMs: 100, pullRetryMaxMs: 200, srtTrackWaitMs: 0 };
const WITHIN = { timeout: 20_000, interval: 20 };
const PASSPHRASE = 'correct-horse-battery';

let edge: TestEdge;
let stream: TestStream;
let recorder: FrameRecorder;
const undo: (() => unknown)[] = [];

beforeEach(async () => {
  edge = await TestEdge.start({ settings: FAST });
  undo.push(() => edge.stop());
  stream = edge.control.newStream();
  recorder = await edge.record(stream.streamId);
});
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

async function freePort(): Promise<number> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(() => resolve()));
  return port;
}

/** FFmpeg as a listener that sends the clip to the first who calls. */
function serveClip(port: number, options = ''): void {
  const url = `srt://127.0.0.1:${port}?mode=listener&pkt_size=1316&linger=3&latency=1000000${options}`;
  const args = ['-hide_banner', '-loglevel', 'error', '-nostdin', '-readrate', '8', '-i', CLIP, '-c', 'copy'];
  const child = spawn('ffmpeg', [...args, '-f', 'mpegts', url], { stdio: 'ignore' });
  undo.push(() => child.kill('SIGKILL'));
}

const { pull, untilState, untilError } = pulledSources(
  () => edge,
  () => stream,
);

describe('SRT that is pulled', () => {
  it.each([
    ['in clear', '', {}],
    ['with a passphrase', `&passphrase=${PASSPHRASE}&pbkeylen=16`, { username: '', password: PASSPHRASE }],
  ])(
    'is published frame by frame from ffmpeg as a listener, %s',
    async (_, options, credentials) => {
      const port = await freePort();
      const sourceId = pull(`srt://127.0.0.1:${port}?streamid=%23!::r=door,m=request`, stream, credentials);
      await untilError(sourceId, 'nothing listens there');
      serveClip(port, options);
      await untilState(sourceId, { state: 'live' });
      await recorder.until(() => recorder.frames.at(-1)?.kind === FrameKind.end);
      // What ffmpeg has not sent when it ends, it does not send: all of the clip but its last moment at most.
      expectClip(recorder.frames, { pictures: 850, sounds: 1_250 });
      expect(edge.control.requests[0]).toMatchObject({ protocol: 'srt', app: 'pull', clientAddress: '127.0.0.1' });
      await untilError(sourceId, 'nothing listens there');
      expect(edge.logs.join('')).not.toContain(PASSPHRASE);
    },
    40_000,
  );

  it('may be another edge of ours', async () => {
    const other = await TestEdge.start();
    undo.push(() => other.stop());
    const published = other.control.newStream();
    const { playbackId } = other.control.newPlayback(published);
    const encoder = await TestEncoder.connect(other.ports.srt, `publish:${published.key}`);
    undo.push(() => encoder.destroy());
    let sent = 0;
    const pace = setInterval(() => encoder.picture(sent++), 40);
    undo.push(() => clearInterval(pace));
    const sourceId = pull(`srt://127.0.0.1:${other.ports.srt}?streamid=%23!::r=${playbackId},m=request`);
    await untilState(sourceId, { state: 'live' });
    await recorder.until(() => mediaOf(recorder.frames, FrameKind.video).length >= 30);
    edge.control.sources.delete(sourceId);
    edge.provider(SourcePuller).changed();
    await expect.poll(() => edge.control.ended, WITHIN).toMatchObject([{ reason: 'source_changed' }]);
    expect(await edge.liveStore.listHeldSources()).toEqual([]);
  }, 20_000);
});

describe('SRT that cannot be pulled', () => {
  it('says why, and costs no other source', async () => {
    const other = await TestEdge.start();
    undo.push(() => other.stop());
    const mute = createSocket('udp4');
    await new Promise<void>((resolve) => mute.bind(0, '127.0.0.1', resolve));
    undo.push(() => mute.close());
    const port = await freePort();
    serveClip(port, `&passphrase=${PASSPHRASE}`);
    const cases = [
      [`srt://127.0.0.1:${other.ports.srt}?streamid=%23!::r=nothing,m=request`, 'the source refuses: it does not'],
      [`srt://127.0.0.1:${mute.address().port}`, 'no listener of SRT answers there'],
      [`srt://127.0.0.1:${port}`, 'the source refuses: it expects a passphrase, or none'],
      ['srt://10.0.0.1:9000', '10.0.0.1 is not a public address'],
      ['srt://127.0.0.1:1', 'nothing listens there'],
    ] as const;
    const ids = cases.map(([url]) => pull(url, edge.control.newStream()));
    const good = await freePort();
    const goodId = pull(`srt://127.0.0.1:${good}`, edge.control.newStream());
    serveClip(good);
    await untilState(goodId, { state: 'live' });
    for (const [i, [, words]] of cases.entries()) await untilError(ids[i]!, words);
    // The stream is claimed once media comes, and not before.
    expect(edge.control.requests).toHaveLength(1);
    expect(edge.logs.join('')).not.toContain('pulling a source broke');
  }, 30_000);
});
