// ffmpeg as the outside judge: what it plays is what was published, frame by frame, with its times.
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Codec, FrameFlag, FrameKind } from '@millrace/domain';
import { tagsOf } from '@millrace/ingest/testing';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { annexBOf, CLIP, gst, probe, run } from '../testing/outside-judges.ts';
import type { Played } from '../testing/outside-judges.ts';
import { TestEdge } from '../testing/test-edge.ts';

let edge: TestEdge;
afterEach(() => edge.stop());

const hashOf = (bytes: Buffer) => `MD5:${createHash('md5').update(bytes).digest('hex')}`;

it('plays every coded frame from a keyframe on, at its time, until the end', async () => {
  edge = await TestEdge.start();
  const stream = edge.control.newStream({ reconnectWindowMs: 0 });
  const { playbackId } = edge.control.newPlayback(stream);
  const address = `rtsp://127.0.0.1:${edge.ports.rtsp}`;
  const played = probe(`${address}/play/${playbackId}`, '-rtsp_transport', 'tcp');
  const publish = ['-nostdin', '-readrate', '8', '-t', '8', '-i', CLIP, '-c', 'copy', '-f', 'rtsp'];
  await run('ffmpeg', ...publish, '-rtsp_transport', 'tcp', `${address}/live/${stream.key}`);
  const { video, audio } = await played;

  const tags = tagsOf(CLIP).filter(({ body }) => body[1] === 1);
  const pictures = tags
    .filter(({ type }) => type === 9)
    .map(({ timestamp, body }) => ({
      ms: timestamp + ((body.readUIntBE(2, 3) << 8) >> 8),
      hash: hashOf(annexBOf(body.subarray(5))),
    }));
  const sounds = tags
    .filter(({ type }) => type === 8)
    .map(({ timestamp, body }) => ({ ms: timestamp, hash: hashOf(body.subarray(2)) }));
  const firstOf = (sent: readonly Played[], got: readonly Played[]) =>
    sent.findIndex(({ hash }) => hash === got[0]!.hash);
  const [from, soundFrom] = [firstOf(pictures, video), firstOf(sounds, audio)];
  expect(video.length).toBeGreaterThan(100);
  expect(audio.length).toBeGreaterThan(140);
  expect(video.map(({ hash }) => hash)).toEqual(pictures.slice(from, from + video.length).map(({ hash }) => hash));
  expect(audio.map(({ hash }) => hash)).toEqual(
    sounds.slice(soundFrom, soundFrom + audio.length).map(({ hash }) => hash),
  );
  // One zero for both: they are in step.
  const zero = video[1]!.ms - pictures[from + 1]!.ms;
  const off = [
    ...video.slice(1).map(({ ms }, i) => ms - zero - pictures[from + 1 + i]!.ms),
    ...audio.map(({ ms }, i) => ms - zero - sounds[soundFrom + i]!.ms),
  ];
  expect(Math.max(...off.map(Math.abs))).toBeLessThan(1.5);
});

it('lets ffmpeg and GStreamer in by Digest, of which they know MD5 only', async () => {
  edge = await TestEdge.start();
  const stream = edge.control.newStream({ reconnectWindowMs: 0 });
  const { playbackId } = edge.control.newPlayback(stream, 'secret');
  const { rtsp } = edge.ports;
  const path = `play/${playbackId}`;
  const byFfmpeg = probe(`rtsp://name:secret@127.0.0.1:${rtsp}/${path}`, '-rtsp_transport', 'tcp');
  const byGStreamer = gst.bytes(
    `rtspsrc protocols=tcp user-id=name user-pw=secret location=rtsp://127.0.0.1:${rtsp}/${path} ! rtph264depay`,
  );
  const publish = ['-nostdin', '-readrate', '8', '-t', '4', '-i', CLIP, '-c', 'copy', '-f', 'rtsp'];
  await run('ffmpeg', ...publish, '-rtsp_transport', 'tcp', `rtsp://127.0.0.1:${rtsp}/live/${stream.key}`);
  expect((await byFfmpeg).video.length).toBeGreaterThan(60);
  expect((await byGStreamer).length).toBeGreaterThan(10_000);
  const refused = probe(`rtsp://name:guess@127.0.0.1:${rtsp}/${path}`, '-rtsp_transport', 'tcp');
  await expect(refused).rejects.toThrow('401');
});

it('has H.265 and Opus on the bus, and plays them', async () => {
  edge = await TestEdge.start();
  const stream = edge.control.newStream({ reconnectWindowMs: 0 });
  const { playbackId } = edge.control.newPlayback(stream);
  const recorder = await edge.record(stream.streamId);
  const address = `rtsp://127.0.0.1:${edge.ports.rtsp}`;
  const played = probe(`${address}/play/${playbackId}`, '-rtsp_transport', 'tcp');
  const h265 = ['-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', 'log-level=none:bframes=2', '-s', '320x180'];
  const source = ['-nostdin', '-readrate', '8', '-t', '3', '-i', CLIP, ...h265, '-c:a', 'libopus', '-ar', '48000'];
  await run('ffmpeg', ...source, '-f', 'rtsp', '-rtsp_transport', 'tcp', `${address}/live/${stream.key}`);
  await recorder.until(() => recorder.frames.at(-1)?.kind === FrameKind.end);
  const mediaOf = (kind: number) =>
    recorder.frames.filter((frame) => frame.kind === kind && (frame.flags & FrameFlag.configuration) === 0);
  const [pictures, sounds] = [mediaOf(FrameKind.video), mediaOf(FrameKind.audio)];
  expect([pictures[0]?.codec, sounds[0]?.codec]).toEqual([Codec.h265, Codec.opus]);
  expect(pictures.length).toBeGreaterThan(80);
  expect(sounds.length).toBeGreaterThan(140);
  expect(pictures.every(({ dts90k }, i) => i === 0 || dts90k > pictures[i - 1]!.dts90k)).toBe(true);
  const { video, audio } = await played;
  // ffmpeg's parser leaves the first zero of a start code with the packet before it.
  const expected = pictures.slice(-video.length).map(({ payload }, i, all) => {
    const picture = annexBOf(Buffer.from(payload));
    return hashOf(Buffer.concat([picture.subarray(i === 0 ? 0 : 1), Buffer.alloc(i < all.length - 1 ? 1 : 0)]));
  });
  expect(video.map(({ hash }) => hash)).toEqual(expected);
  expect(audio.map(({ hash }) => hash)).toEqual(
    sounds.slice(-audio.length).map(({ payload }) => hashOf(Buffer.from(payload))),
  );
});

describe('codecs that the clip does not have', () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-rtsp-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  /** Encodes a part of the clip. @returns the file, and the packets that are to come out */
  async function encoded(name: string, ...options: readonly string[]) {
    const file = join(folder, name);
    await run('ffmpeg', '-nostdin', '-t', '3', '-i', CLIP, ...options, file);
    return { file, ...(await probe(file)) };
  }

  /** Publishes by what is given, and plays it. @returns what was on the bus, and what a player got */
  async function carried(publish: (url: string, frames: (count: number) => Promise<unknown>) => Promise<unknown>) {
    edge = await TestEdge.start();
    const stream = edge.control.newStream({ reconnectWindowMs: 0 });
    const { playbackId } = edge.control.newPlayback(stream);
    const recorder = await edge.record(stream.streamId);
    const address = `rtsp://127.0.0.1:${edge.ports.rtsp}`;
    const played = probe(`${address}/play/${playbackId}`, '-rtsp_transport', 'tcp');
    await publish(`${address}/live/${stream.key}`, (count) => recorder.until(() => recorder.frames.length >= count));
    await recorder.until(() => recorder.frames.at(-1)?.kind === FrameKind.end);
    const hashesOf = (kind: number) =>
      recorder.frames
        .filter((frame) => frame.kind === kind && (frame.flags & FrameFlag.configuration) === 0)
        .map(({ payload }) => hashOf(Buffer.from(payload)));
    return { onBus: { video: hashesOf(FrameKind.video), audio: hashesOf(FrameKind.audio) }, played: await played };
  }
  const hashes = (packets: readonly Played[]) => packets.map(({ hash }) => hash);

  it('VP9 and MP3 of ffmpeg are on the bus and played, frame by frame', async () => {
    const vp9 = [
      '-c:v',
      'libvpx-vp9',
      '-deadline',
      'realtime',
      '-cpu-used',
      '8',
      '-b:v',
      '400k',
      '-s',
      '320x180',
      '-g',
      '30',
    ];
    const sent = await encoded('vp9.mkv', ...vp9, '-c:a', 'libmp3lame', '-b:a', '128k');
    const source = ['-nostdin', '-readrate', '2', '-i'];
    const copied = ['-c', 'copy', '-strict', 'experimental'];
    const { onBus, played } = await carried((url) =>
      run('ffmpeg', ...source, sent.file, ...copied, '-f', 'rtsp', '-rtsp_transport', 'tcp', url),
    );
    expect(onBus.video).toEqual(hashes(sent.video));
    // ffmpeg keeps its last packet of sound to itself when it ends.
    expect(onBus.audio).toEqual(hashes(sent.audio).slice(0, onBus.audio.length));
    expect(sent.audio.length - onBus.audio.length).toBeLessThan(8);
    expect(played.video.length).toBeGreaterThan(60);
    expect(hashes(played.video)).toEqual(onBus.video.slice(-played.video.length));
    expect(played.audio.length).toBeGreaterThan(80);
    expect(hashes(played.audio)).toEqual(onBus.audio.slice(-played.audio.length));
  });

  it('AC-3 of GStreamer is on the bus and played, frame by frame', async () => {
    const sent = await encoded('sound.ac3', '-vn', '-c:a', 'ac3', '-b:a', '448k');
    const { onBus, played } = await carried((url, frames) =>
      gst.until(
        `filesrc location=${sent.file} ! ac3parse ! identity sync=true ! rtspclientsink protocols=tcp location=${url}`,
        () => frames(90),
      ),
    );
    expect(onBus.audio.length).toBeGreaterThan(80);
    expect(onBus.audio).toEqual(hashes(sent.audio).slice(0, onBus.audio.length));
    expect(played.audio.length).toBeGreaterThan(40);
    expect(hashes(played.audio)).toEqual(onBus.audio.slice(-played.audio.length));
  });
});
