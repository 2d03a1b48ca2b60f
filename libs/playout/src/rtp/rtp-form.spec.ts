// How frames of each codec are described and written, and when a description does not hold any more.
import { Codec, FrameFlag, FrameKind } from '@millrace/domain';
import type { Frame } from '@millrace/domain';
import { encodeOpusHead, opusConfigurationOf } from '@millrace/protocol/opus';
import { decodeRtcp, decodeRtpPacket } from '@millrace/protocol/rtp';
import { eachInterleaved, INTERLEAVED_HEADER_BYTES } from '@millrace/protocol/rtsp';
import { parseSessionDescription } from '@millrace/protocol/sdp';
import { describe, expect, it, vi } from 'vitest';
import type { SeenTracks } from '../live/wire-form.ts';
import { RtpForm } from './rtp-form.ts';

const AAC_44100 = Buffer.from('1210', 'hex');
const NOW = 1_796_000_000_000;

let sequence = 0;
const frame = (kind: FrameKind, codec: Codec, payload: Buffer, flags = 0): Frame => ({
  kind,
  codec,
  flags,
  payload,
  epoch: 1,
  sequence: sequence++,
  dts90k: 0,
  compositionOffset90k: 0,
});
const record = (kind: FrameKind, codec: Codec, payload: Buffer): Frame =>
  frame(kind, codec, payload, FrameFlag.configuration);

const audioOnly = (codec: Codec, payload?: Buffer): SeenTracks => ({
  hasVideo: false,
  hasAudio: true,
  audioConfiguration: payload && record(FrameKind.audio, codec, payload),
});
const videoOnly = (codec: Codec, payload: Buffer): SeenTracks => ({
  hasVideo: true,
  hasAudio: false,
  videoConfiguration: record(FrameKind.video, codec, payload),
});

function packetsOf(bytes: Uint8Array | undefined) {
  const packets: { channel: number; packet: Buffer }[] = [];
  const whole = Buffer.from(bytes ?? []);
  eachInterleaved(whole, (channel, at, end) =>
    packets.push({ channel, packet: whole.subarray(at + INTERLEAVED_HEADER_BYTES, end) }),
  );
  return packets;
}
const rtpOf = (bytes: Uint8Array | undefined) =>
  packetsOf(bytes)
    .filter(({ channel }) => channel % 2 === 0)
    .map(({ packet }) => decodeRtpPacket(packet));

describe('a stream', () => {
  it.each<[string, SeenTracks, readonly unknown[]]>([
    ['AV1', videoOnly(Codec.av1, Buffer.from('81000c00', 'hex')), ['AV1', 90_000, undefined, 96]],
    ['VP9', videoOnly(Codec.vp9, Buffer.from('000a820101010000014000b4', 'hex')), ['VP9', 90_000, undefined, 96]],
    ['Opus', audioOnly(Codec.opus, encodeOpusHead(opusConfigurationOf(1))), ['OPUS', 48_000, 2, 96]],
    ['MP3', audioOnly(Codec.mp3), ['MPA', 90_000, undefined, 14]],
    ['AC-3', audioOnly(Codec.ac3, Buffer.from('103dc0', 'hex')), ['AC3', 48_000, 6, 96]],
  ])('of %s is described', (_, seen, expected) => {
    const [medium] = parseSessionDescription(new RtpForm(seen).description('0.0.0.0', 1)).media;
    const [format] = medium!.formats;
    expect([format!.encoding, format!.clockRate, format!.channels, format!.payloadType]).toEqual(expected);
  });

  it('of a codec that RTP has no form for has its other track alone', () => {
    const flac = new RtpForm({
      ...videoOnly(Codec.av1, Buffer.from('81000c00', 'hex')),
      hasAudio: true,
      audioConfiguration: record(FrameKind.audio, Codec.flac, Buffer.alloc(34)),
    });
    expect([flac.tracks.map(({ kind }) => kind), flac.leftOut]).toEqual([['video'], ['flac']]);
    expect(new RtpForm(audioOnly(Codec.opus, encodeOpusHead(opusConfigurationOf(6)))).tracks).toEqual([]);
    expect(flac.encode(frame(FrameKind.audio, Codec.flac, Buffer.alloc(9)), 0)).toBe(undefined);
  });
});

describe('frames', () => {
  it('are cut into packets of one time, numbered, with a marker on the last one; reports come every five seconds', () => {
    const form = new RtpForm(audioOnly(Codec.aac, AAC_44100), () => NOW);
    const long = form.encode(frame(FrameKind.audio, Codec.aac, Buffer.alloc(3_000, 7)), 90_000)!.bytes;
    const packets = rtpOf(long);
    expect(packets.map(({ marker }) => marker)).toEqual([false, false, true]);
    expect(new Set(packets.map(({ timestamp }) => timestamp)).size).toBe(1);
    expect(packets.map(({ sequence: number }) => (number - packets[0]!.sequence) & 0xffff)).toEqual([0, 1, 2]);
    expect(Math.max(...packetsOf(long).map(({ packet }) => packet.length))).toBeLessThanOrEqual(1_400);
    const [report] = decodeRtcp(packetsOf(long).at(-1)!.packet);
    expect(report).toMatchObject({ wallClockMs: NOW, rtpTimestamp: packets[0]!.timestamp, packets: 3 });
    const later = (dts90k: number) =>
      packetsOf(form.encode(frame(FrameKind.audio, Codec.aac, Buffer.of(1)), dts90k)?.bytes);
    expect(later(90_000 + 449_999).length).toBe(1);
    const next = later(90_000 + 450_000);
    expect(decodeRtcp(next[1]!.packet)).toMatchObject([{ wallClockMs: NOW + 5_000, packets: 5 }]);
    expect(decodeRtpPacket(next[0]!.packet).timestamp).toBe((packets[0]!.timestamp + 5 * 44_100) % 2 ** 32);
  });

  it('go on over the wraps of sequence numbers and timestamps', () => {
    const form = new RtpForm(audioOnly(Codec.aac, AAC_44100), () => NOW);
    const sound = frame(FrameKind.audio, Codec.aac, Buffer.of(1));
    let [last] = rtpOf(form.encode(sound, 0)?.bytes);
    let wraps = 0;
    for (let i = 1; i <= 66_000; i++) {
      const [next] = rtpOf(form.encode(sound, i * 200_000)?.bytes);
      const steps = [(next!.sequence - last!.sequence) & 0xffff, (next!.timestamp - last!.timestamp) >>> 0];
      if (steps[0] !== 1 || steps[1] !== 98_000) throw new Error(`packet ${i}: ${steps.join(', ')}`);
      if (next!.timestamp < last!.timestamp || next!.sequence < last!.sequence) wraps++;
      last = next;
    }
    expect(wraps).toBeGreaterThanOrEqual(2);
  });

  it('that cannot be read are left out', () => {
    const form = new RtpForm(videoOnly(Codec.av1, Buffer.from('81000c00', 'hex')));
    expect(form.encode(frame(FrameKind.video, Codec.av1, Buffer.from('0a05aa', 'hex')), 0)).toBe(undefined);
  });

  it('of AV1 have the sequence header before each keyframe', () => {
    const form = new RtpForm(videoOnly(Codec.av1, Buffer.from('81000c000a0b00000042a7bfe49003b520', 'hex')));
    const bytes = form.encode(frame(FrameKind.video, Codec.av1, Buffer.from('32021000', 'hex'), FrameFlag.keyframe), 0);
    expect(rtpOf(bytes?.bytes).map(({ payload }) => payload.toString('hex'))).toEqual([
      '180800000042a7bfe49003b520',
      '10301000',
    ]);
  });
});

describe('a description', () => {
  it('does not hold when sound has another record, or a track another codec: players have to ask anew', () => {
    for (const changed of [
      record(FrameKind.audio, Codec.aac, Buffer.from('1190', 'hex')),
      frame(FrameKind.audio, Codec.mp3, Buffer.alloc(100)),
    ]) {
      vi.useFakeTimers();
      const form = new RtpForm(audioOnly(Codec.aac, AAC_44100));
      let times = 0;
      form.onOutdated = () => times++;
      expect(form.describes(audioOnly(Codec.aac, AAC_44100))).toBe(true);
      for (let i = 0; i < 2; i++) expect(form.encode(changed, 0)).toBe(undefined);
      vi.runAllTimers();
      vi.useRealTimers();
      expect(times).toBe(1);
      expect(form.describes(audioOnly(Codec.aac, AAC_44100))).toBe(false);
    }
  });

  it('holds when the same record comes again, and when a track comes that it does not have', () => {
    const form = new RtpForm(audioOnly(Codec.aac, AAC_44100));
    form.onOutdated = () => expect.fail('it holds');
    expect(form.encode(record(FrameKind.audio, Codec.aac, AAC_44100), 0)).toBe(undefined);
    expect(form.encode(frame(FrameKind.video, Codec.vp9, Buffer.alloc(9)), 0)).toBe(undefined);
    expect(form.encode(frame(FrameKind.audio, Codec.aac, Buffer.of(1)), 0)).toBeDefined();
  });
});
