// ffmpeg as the outside judge: what it publishes arrives, frame by frame, with its times.
import { spawn } from 'node:child_process';
import { join, resolve } from 'node:path';
import { FrameFlag, FrameKind } from '@millrace/domain';
import type { Frame } from '@millrace/domain';
import { tagsOf } from '@millrace/ingest/testing';
import { newCertificate } from '@millrace/service-kit/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TestEdge } from '../testing/test-edge.ts';

const MEDIA = resolve(import.meta.dirname, '../../../../media');
const CLIP = join(MEDIA, 'bbb-h264-aac.flv');

async function ffmpeg(...args: string[]): Promise<{ readonly code: number | null; readonly stderr: string }> {
  const options = ['-hide_banner', '-loglevel', 'error', '-nostdin', ...args];
  const child = spawn('ffmpeg', options, { stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, stderr };
}

/** At a pace: without one, ffmpeg sends all of the clip before it has read an answer. */
const publish = (url: string, ...codecs: string[]) =>
  ffmpeg('-readrate', '8', '-i', CLIP, ...codecs, '-f', 'rtsp', '-rtsp_transport', 'tcp', url);

const isMedia = (frame: Frame) => (frame.flags & FrameFlag.configuration) === 0;

describe('an encoder publishing over RTSP', () => {
  let edge: TestEdge;
  beforeEach(async () => void (edge = await TestEdge.start()));
  afterEach(() => edge.stop());

  const address = (path: string) => `rtsp://127.0.0.1:${edge.ports.rtsp}/${path}`;
  const mediaOf = (frames: readonly Frame[], kind: number) =>
    frames.filter((frame) => frame.kind === kind && isMedia(frame));

  it('has every coded frame on the bus, in order, with its times, when it is ffmpeg', async () => {
    const stream = edge.control.newStream();
    const recorder = await edge.record(stream.streamId);
    await edge.liveStore.announcePackagers([{ instanceId: 'a', features: ['encoder-clock'] }], 60_000);
    const startedAtMs = Date.now();
    const { code, stderr } = await publish(address(`live/${stream.key}`), '-c', 'copy');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    await recorder.until(() => recorder.frames.at(-1)?.kind === FrameKind.end);

    const video = tagsOf(CLIP).filter(({ type, body }) => type === 9 && body[1] === 1);
    const pictures = mediaOf(recorder.frames, FrameKind.video);
    expect(pictures.map(({ payload }) => hex(payload))).toEqual(video.map(({ body }) => hex(body.subarray(5))));
    const shown = pictures.map(({ dts90k, compositionOffset90k }) => (dts90k + compositionOffset90k) / 90);
    const meant = video.map(({ timestamp, body }) => timestamp + ((body.readUIntBE(2, 3) << 8) >> 8));
    const zero = shown[0]! - meant[0]!;
    expect(shown.map((ms) => Math.round(ms - zero))).toEqual(meant);
    expect(pictures.every(({ dts90k }, i) => i === 0 || dts90k > pictures[i - 1]!.dts90k)).toBe(true);
    expect(Math.min(...pictures.map(({ compositionOffset90k }) => compositionOffset90k))).toBeGreaterThanOrEqual(0);

    // Its sender reports tell its clock.
    const [first] = pictures;
    expect(first!.encoderTimeMs).toBeGreaterThan(startedAtMs);
    expect(first!.encoderTimeMs).toBeLessThan(Date.now());
    const starts = pictures.filter(({ flags }) => flags !== 0);
    expect(starts.map(({ encoderTimeMs, dts90k }) => Math.round(encoderTimeMs! - dts90k / 90))).toEqual(
      starts.map(() => Math.round(first!.encoderTimeMs! - first!.dts90k / 90)),
    );

    // ffmpeg keeps its last packet of sound to itself when it ends.
    const audio = tagsOf(CLIP).filter(({ type, body }) => type === 8 && body[1] === 1);
    const sounds = mediaOf(recorder.frames, FrameKind.audio);
    expect(audio.length - sounds.length).toBeLessThan(8);
    expect(sounds.map(({ payload }) => hex(payload))).toEqual(
      audio.slice(0, sounds.length).map(({ body }) => hex(body.subarray(2))),
    );
    const lateBy = sounds.map(({ dts90k }, i) => Math.abs(dts90k / 90 - zero - audio[i]!.timestamp));
    expect(Math.max(...lateBy)).toBeLessThan(1.5);
    expect(recorder.faults).toEqual([]);
    expect(recorder.frames.at(-1)!.flags).toBe(FrameFlag.unpublished);
    expect(edge.control.ended).toMatchObject([{ reason: 'unpublished', claim: { streamId: stream.streamId } }]);
    expect(edge.control.warned).toEqual([]);
  });

  it.each([
    ['a key that does not exist', 'live/mr_st_wrong', 'bad key'],
    ['no key', 'live', '401'],
    ['an address that is not published to', 'elsewhere', 'publish to /live/'],
  ])('tells its user why it is refused with %s', async (_, path, words) => {
    const { code, stderr } = await publish(address(path), '-c', 'copy');
    expect(code).not.toBe(0);
    expect(stderr).toContain(words);
  });

  it('may come over TLS', async () => {
    await edge.stop();
    const { certFile: rtspTlsCertFile, keyFile: rtspTlsKeyFile } = await newCertificate();
    edge = await TestEdge.start({ settings: { rtspTlsCertFile, rtspTlsKeyFile } });
    const stream = edge.control.newStream();
    const url = `rtsps://127.0.0.1:${edge.ports.rtsps}/live/${stream.key}`;
    expect(await publish(url, '-t', '1', '-c', 'copy')).toEqual({ code: 0, stderr: '' });
    await expect.poll(() => edge.control.ended).toMatchObject([{ reason: 'unpublished' }]);
    expect(edge.control.ended[0]?.videoFrames).toBeGreaterThan(20);
    expect(edge.control.requests).toMatchObject([{ protocol: 'rtsps', clientAddress: '127.0.0.1' }]);
  });

  it('may prove its key by Digest, at the address with the id of the key, as any user: ffmpeg knows MD5 only', async () => {
    const stream = edge.control.newStream();
    const publishAs = (key: string) =>
      publish(`rtsp://camera:${key}@127.0.0.1:${edge.ports.rtsp}/live/${stream.streamKeyId}`, '-t', '1', '-c', 'copy');
    expect((await publishAs('guess')).stderr).toContain('bad key');
    expect(await publishAs(stream.key)).toEqual({ code: 0, stderr: '' });
    await expect
      .poll(() => edge.control.ended)
      .toMatchObject([{ reason: 'unpublished', claim: { streamId: stream.streamId } }]);
    expect(edge.control.requests.map(({ key, login }) => [key, login?.digest?.algorithm])).toEqual([
      ['', 'MD5'],
      ['', 'MD5'],
    ]);
    expect(edge.logs.join('')).not.toContain(stream.key);
  });

  it('may show its key as a password', async () => {
    const stream = edge.control.newStream();
    const url = `rtsp://encoder:${stream.key}@127.0.0.1:${edge.ports.rtsp}/live`;
    expect(await publish(url, '-t', '1', '-c', 'copy')).toEqual({ code: 0, stderr: '' });
    await expect
      .poll(() => edge.control.ended)
      .toMatchObject([{ reason: 'unpublished', claim: { streamId: stream.streamId } }]);
    expect(edge.logs.join('')).not.toContain(stream.key);
  });
});

const hex = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
