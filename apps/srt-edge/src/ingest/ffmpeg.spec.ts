// ffmpeg and libsrt as the outside judges: what they publish arrives, frame by frame, with its times.
import { spawn } from 'node:child_process';
import type { PublishPassphrase } from '@millrace/control';
import { Codec, FrameFlag, FrameKind } from '@millrace/domain';
import { deriveKeyEncryptionKey, isKeyBytes, SrtRejection, unwrapKeys } from '@millrace/protocol/srt';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LossyPath } from '../testing/lossy-path.ts';
import { CLIP, expectClip, mediaOf } from '../testing/clip.ts';
import { TestEdge } from '../testing/test-edge.ts';

const PASSPHRASE = 'correct-horse-battery';
/** What libsrt says of a rejection. */
const REFUSED =
  /REJECT reported from HS processing: (Application-defined rejection reason|Incorrect passphrase|Password required)/;

interface Ended {
  readonly code: number | null;
  readonly stderr: string;
}

async function run(program: string, args: readonly string[]): Promise<Ended> {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, stderr };
}

/** At a pace: without one, ffmpeg sends all of the clip at once. `linger` lets what was lost at the end be sent again, and a long latency whatever a busy machine loses. */
const publish = (url: string, ...codecs: readonly string[]): Promise<Ended> =>
  run('ffmpeg', [
    '-hide_banner',
    '-loglevel',
    'error',
    '-nostdin',
    '-readrate',
    '16',
    '-i',
    CLIP,
    ...codecs,
    '-f',
    'mpegts',
    url,
  ]);

/** What a gateway does with the passphrase of a key. */
async function openPassphrase({ salt, wrapped, keyBytes }: PublishPassphrase): Promise<string | undefined> {
  if (!isKeyBytes(keyBytes)) return undefined;
  const key = await deriveKeyEncryptionKey(PASSPHRASE, Buffer.from(salt, 'base64'), keyBytes);
  return unwrapKeys(key, Buffer.from(wrapped, 'base64')) && key.toString('base64');
}

describe('an encoder publishing over SRT', () => {
  let edge: TestEdge;
  beforeEach(async () => void (edge = await TestEdge.start()));
  afterEach(() => edge.stop());

  const address = (streamId: string, rest = '', port = edge.ports.srt) =>
    `srt://127.0.0.1:${port}?pkt_size=1316&streamid=${streamId}&linger=3&latency=4000000${rest}`;

  const record = async (streamId: string) => {
    const recorder = await edge.record(streamId);
    return { recorder, ended: () => recorder.until(() => recorder.frames.at(-1)?.kind === FrameKind.end) };
  };

  it('has every coded frame on the bus, in order, with its times', async () => {
    const stream = edge.control.newStream();
    const { recorder, ended } = await record(stream.streamId);
    expect(await publish(address(`publish:${stream.key}`), '-c', 'copy')).toEqual({ code: 0, stderr: '' });
    await ended();
    expectClip(recorder.frames);
    expect(recorder.faults).toEqual([]);
    expect(recorder.frames.at(-1)!.flags).toBe(FrameFlag.unpublished);
    expect(edge.control.ended).toMatchObject([{ reason: 'unpublished', claim: { streamId: stream.streamId } }]);
    expect(edge.control.warned).toEqual([]);
    expect(edge.control.requests).toMatchObject([
      { protocol: 'srt', encoder: expect.stringMatching(/^SRT 1\.\d/) as string },
    ]);
    expect(await edge.metric('srt_packets_total', '{outcome="received"}')).toBeGreaterThan(1_000);
  });

  it('has every coded frame on the bus over a path that loses, repeats and reorders', async () => {
    const path = await LossyPath.open(edge.ports.srt, { losesPercent: 8, repeatsPercent: 3, holdsMs: 20 });
    const stream = edge.control.newStream();
    const { recorder, ended } = await record(stream.streamId);
    const url = address(`#!::r=live/${stream.key},m=publish`, '', path.port);
    expect(await publish(url, '-t', '12', '-c', 'copy')).toMatchObject({ code: 0 });
    await ended();
    expectClip(recorder.frames, { pictures: 345, sounds: 500 });
    expect(path.lost).toBeGreaterThan(30);
    expect(await edge.metric('srt_packets_total', '{outcome="lost"}')).toBeGreaterThan(10);
    expect(await edge.metric('srt_packets_total', '{outcome="retransmitted"}')).toBeGreaterThan(10);
    expect(await edge.metric('srt_packets_total', '{outcome="dropped"}')).toBe(0);
    await path.close();
  });

  it('is encrypted with a passphrase and keys of 128 or 256 bits', async () => {
    edge.control.openPassphrase = openPassphrase;
    const publishWith = async (keyBytes: number) => {
      const stream = edge.control.newStream();
      const { recorder, ended } = await record(stream.streamId);
      const url = address(`publish:${stream.streamKeyId}`, `&passphrase=${PASSPHRASE}&pbkeylen=${keyBytes}`);
      expect(await publish(url, '-t', '5', '-c', 'copy')).toEqual({ code: 0, stderr: '' });
      await ended();
      expectClip(recorder.frames, { pictures: 145, sounds: 200 });
    };
    await Promise.all([16, 32].map(publishWith));
    expect(edge.logs.join('').match(/"encrypted":true/g)).toHaveLength(2);
    expect(edge.logs.join('')).not.toContain(PASSPHRASE);
  });

  it('that is srt-live-transmit changes its key every 300 packets, over a path that loses, and nothing is missing', async () => {
    edge.control.openPassphrase = openPassphrase;
    const path = await LossyPath.open(edge.ports.srt, { losesPercent: 5, repeatsPercent: 3, holdsMs: 20 });
    const stream = edge.control.newStream();
    const { recorder } = await record(stream.streamId);
    const keys = `&passphrase=${PASSPHRASE}&pbkeylen=32&kmrefreshrate=300&kmpreannounce=100`;
    const url = `srt://127.0.0.1:${path.port}?streamid=publish:${stream.streamKeyId}&linger=3&latency=4000${keys}`;
    const source = spawn('ffmpeg', `-v error -nostdin -readrate 8 -t 12 -i ${CLIP} -c copy -f mpegts -`.split(' '));
    const sender = spawn('srt-live-transmit', ['-q', '-a:no', '-chunk:1316', 'file://con', url]);
    source.stdout.pipe(sender.stdin);
    await recorder.until(() => mediaOf(recorder.frames, FrameKind.video).length >= 350);
    expectClip(recorder.frames, { pictures: 345, sounds: 500 });
    expect(path.lost).toBeGreaterThan(20);
    expect(await edge.metric('srt_packets_total', '{outcome="received"}')).toBeGreaterThan(900);
    expect(await edge.metric('srt_packets_total', '{outcome="dropped"}')).toBe(0);
    // The end of its input is no end to it.
    sender.kill();
    await path.close();
  });

  it('is refused, and the log says why', async () => {
    edge.control.openPassphrase = openPassphrase;
    const { key, streamKeyId, streamId, tenantId } = edge.control.newStream();
    const cases: readonly (readonly [url: string, words: string])[] = [
      [address(`publish:${streamKeyId}`, '&passphrase=another-passphrase'), 'wrong_passphrase'],
      [address(`publish:${key}`, '&passphrase=another-passphrase'), 'name the key by its id'],
      [address(`publish:${streamKeyId}`), `"rejection":${SrtRejection.unsecure}`],
      [address('publish:mr_st_wrong'), 'bad_key'],
      [address(''), 'no stream id'],
      [address('live/stream'), 'in no known form'],
      [address('request:room'), 'publish:STREAM_KEY to publish'],
    ];
    const told = await Promise.all(cases.map(([url]) => publish(url, '-t', '1', '-c', 'copy')));
    for (const { code, stderr } of told) {
      expect(code).not.toBe(0);
      expect(stderr).toMatch(REFUSED);
    }
    expect(edge.control.rejected.map(({ refusal }) => refusal)).toEqual(['wrong_passphrase', 'wrong_passphrase']);
    expect(edge.logs.join('')).toContain(
      `"refusal":"wrong_passphrase","tenant_id":"${tenantId}","stream_id":"${streamId}"`,
    );
    for (const [, words] of cases) expect(edge.logs.join('')).toContain(words);
    expect(await edge.metric('ingest_publishers', '{protocol="srt"}')).toBe(0);
  });

  it('has H.265 and Opus, E-AC-3, MP3 and AC-3 on the bus', async () => {
    const h265 = [
      '-c:v',
      'libx265',
      '-preset',
      'ultrafast',
      '-x265-params',
      'log-level=none:bframes=2',
      '-s',
      '320x180',
    ];
    const publishWith = async (codec: Codec, ...audio: readonly string[]) => {
      const stream = edge.control.newStream();
      const { recorder, ended } = await record(stream.streamId);
      const source = ['-t', '1', ...(codec === Codec.opus ? h265 : ['-c:v', 'copy']), '-c:a', ...audio];
      expect(await publish(address(`publish:${stream.key}`), ...source)).toEqual({ code: 0, stderr: '' });
      await ended();
      const heard = mediaOf(recorder.frames, FrameKind.audio);
      expect(heard[0]?.codec).toBe(codec);
      expect(heard.length).toBeGreaterThan(20);
      const pictures = mediaOf(recorder.frames, FrameKind.video);
      expect(pictures[0]?.codec).toBe(codec === Codec.opus ? Codec.h265 : Codec.h264);
      expect(pictures.length).toBeGreaterThan(25);
      expect(pictures.every(({ dts90k }, i) => i === 0 || dts90k > pictures[i - 1]!.dts90k)).toBe(true);
    };
    await Promise.all([
      publishWith(Codec.opus, 'libopus', '-ar', '48000'),
      publishWith(Codec.eac3, 'eac3'),
      publishWith(Codec.mp3, 'libmp3lame'),
      publishWith(Codec.ac3, 'ac3'),
    ]);
    expect(edge.control.warned).toEqual([]);
  });

  it('is carried without its sound where that has an unsupported codec, and told so', async () => {
    const stream = edge.control.newStream();
    const { recorder, ended } = await record(stream.streamId);
    expect(await publish(address(`publish:${stream.key}`), '-t', '5', '-c:v', 'copy', '-c:a', 'mp2')).toMatchObject({
      code: 0,
    });
    await ended();
    expect(mediaOf(recorder.frames, FrameKind.video).length).toBeGreaterThan(140);
    expect(mediaOf(recorder.frames, FrameKind.audio)).toEqual([]);
    expect(edge.control.warned.map(({ warning }) => warning)).toMatchObject([
      { code: 'unsupported_audio', message: expect.stringContaining('MPEG audio of layer I or II') as string },
    ]);
  });
});
