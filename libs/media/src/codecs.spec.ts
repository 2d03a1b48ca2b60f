import { readFileSync } from 'node:fs';
import { Codec, FrameFlag, FrameKind } from '@millrace/domain';
import type { Frame } from '@millrace/domain';
import { encodeColorInfo, FlvDecoder, FlvTagType, readAudioTag, readVideoTag } from '@millrace/protocol/flv';
import type { ColorInfo } from '@millrace/protocol/flv';
import { describe, expect, it } from 'vitest';
import { PictureFlag } from './codec-rules.ts';
import { CODECS, rulesOf } from './codecs.ts';
import {
  codecStringOf,
  describeTrack,
  findTrack,
  NO_TRACKS,
  readColours,
  readTrack,
  silenceOf,
  trackWithoutRecord,
  withTrack,
} from './track.ts';
import type { Track } from './track.ts';

const H264_RECORD = Buffer.from(
  '0164001fffe1001a6764001facd980f0117ef0110000030001000003003c0f18319a01000568e97b2c8bfdf8f800',
  'hex',
);
const H265_RECORD = Buffer.from(
  '0101600000009000000000003cf000fcfdf8f800000f0320000100' +
    '1940010c01ffff01600000030090000003000003003c95980920' +
    '210001002b42010101600000030090000003000003003ca00a080b9f796566924caf0169c20000030002000003003c10' +
    '22000100074401c172b46240',
  'hex',
);
const AAC_RECORD = Buffer.from('1210', 'hex');
const MP3_FRAME = Buffer.concat([Buffer.from('fffb9000', 'hex'), Buffer.alloc(413)]);

/** The bodies of the coded frames of sound in a file of Enhanced RTMP. */
function mediaFrames(name: string): Buffer[] {
  const flv = readFileSync(new URL(`../../../media/${name}`, import.meta.url));
  const tags = new FlvDecoder().push(flv).filter(({ type }) => type === FlvTagType.audio);
  return tags
    .map(({ data }) => ({ data, tag: readAudioTag(data) }))
    .filter(({ tag }) => tag.packetType === 1)
    .map(({ data, tag }) => data.subarray(tag.dataOffset));
}

const configuration = (kind: number, codec: number, payload: Uint8Array, fields: Partial<Frame> = {}): Frame => ({
  kind,
  codec,
  payload,
  flags: FrameFlag.configuration,
  epoch: 1,
  sequence: 1,
  dts90k: 0,
  compositionOffset90k: 0,
  ...fields,
});
const h264Track = readTrack(configuration(FrameKind.video, Codec.h264, H264_RECORD), undefined)!;
const h265Track = readTrack(configuration(FrameKind.video, Codec.h265, H265_RECORD), undefined)!;
const aacTrack = readTrack(configuration(FrameKind.audio, Codec.aac, AAC_RECORD), undefined)!;
const AC3_FRAME = mediaFrames('bbb-ac3-enhanced.flv')[0]!;
const EAC3_FRAME = mediaFrames('bbb-eac3-enhanced.flv')[0]!;
const OPUS_PACKET = mediaFrames('bbb-opus-enhanced.flv')[1]!;
const OPUS_RECORD = Buffer.from('4f707573486561640102380180bb0000000000', 'hex');
const audioTrack = (codec: number, record: string | Buffer): Track =>
  readTrack(configuration(FrameKind.audio, codec, Buffer.from(record as string, 'hex')), undefined)!;
const ac3Track = audioTrack(Codec.ac3, '101100');
const eac3Track = audioTrack(Codec.eac3, '0600200f00');
const opusTrack = audioTrack(Codec.opus, OPUS_RECORD);
const flacTrack = audioTrack(Codec.flac, `120012000000000000000bb800f000000000${'00'.repeat(16)}`);
const AV1_RECORD = Buffer.from('81040c000a0b00000024cf7f0dbfff3008', 'hex');
const videoTrack = (codec: number, record: Buffer): Track =>
  readTrack(configuration(FrameKind.video, codec, record), undefined)!;
const av1Track = videoTrack(Codec.av1, AV1_RECORD);
const VP9_RECORD = Buffer.from('000b820202020000014000b4', 'hex');
const vp9Track = videoTrack(Codec.vp9, VP9_RECORD);
const mp3Track = trackWithoutRecord(Codec.mp3)!;

describe('the table of codecs', () => {
  it('has each codec under its own number', () => {
    for (const [number, rules] of Object.entries(CODECS)) expect(String(rules.codec)).toBe(number);
    expect(Object.keys(CODECS).map(Number)).toEqual(Object.values(Codec).filter((codec) => codec !== Codec.none));
  });

  it('knows no other', () => {
    for (const codec of [Codec.none, 200, 255]) expect(rulesOf(codec)).toBeUndefined();
  });

  it.each<[string, Track, string]>([
    ['H.264', h264Track, 'avc1.64001f'],
    ['H.265', h265Track, 'hvc1.1.6.L60.90'],
    ['AAC', aacTrack, 'mp4a.40.2'],
    ['MP3', mp3Track, 'mp4a.40.34'],
    ['AC-3', ac3Track, 'ac-3'],
    ['Enhanced AC-3', eac3Track, 'ec-3'],
    ['Opus', opusTrack, 'Opus'],
    ['AV1', av1Track, 'av01.0.04M.08'],
    ['VP9', vp9Track, 'vp09.00.11.08'],
    ['FLAC', flacTrack, 'fLaC'],
  ])('names %s as RFC 6381 does', (_, track, name) => {
    expect(codecStringOf(track)).toBe(name);
  });

  it('describes pictures, and says nothing of what it cannot read', () => {
    expect(describeTrack(h264Track)).toEqual({ width: 960, height: 540, frameRate: 30 });
    expect(describeTrack(h265Track)).toEqual({ width: 320, height: 180, frameRate: 30 });
    expect(describeTrack(av1Track)).toEqual({ width: 960, height: 540, frameRate: undefined });
    expect(describeTrack(vp9Track)).toEqual({ width: 320, height: 180 });
    const broken = Buffer.from(H264_RECORD);
    broken.fill(0, 12, 30);
    const track = readTrack(configuration(FrameKind.video, Codec.h264, broken), undefined)!;
    expect(describeTrack(track)).toEqual({});
    expect(describeTrack(aacTrack)).toEqual({ channels: 2 });
  });

  // ITU-T H.273 table 3, as x264, x265, SVT-AV1 and the binding of VP9 write it.
  it.each([
    [
      'PQ',
      Codec.h264,
      '0164000affe1001b6764000aacd94426c05a848804a0000003002000000641e244b2c001000668ebe3cb22c0fdf8f800',
    ],
    [
      'HLG',
      Codec.h264,
      '0164000affe1001b6764000aacd94426c05a848904a0000003002000000641e244b2c001000668ebe3cb22c0fdf8f800',
    ],
    [
      'SDR',
      Codec.h264,
      '0164000affe1001b6764000aacd94426c05a848084a0000003002000000641e244b2c001000668ebe3cb22c0fdf8f800',
    ],
    [undefined, Codec.h264, H264_RECORD.toString('hex')],
    [
      'HLG',
      Codec.h265,
      '0102200000009000000000001ef000fcfdfafa00000f03a00001001840010c01ffff02200000030090000003000003001e959809a10001002d42010102200000030090000003000003001ea0208104d96566924caf016a12241208000003000800000300c840a2000100074401c172b4224027',
    ],
    ['PQ', Codec.av1, '81000c000a0e000000043cfecc02f85091009040'],
    ['HLG', Codec.av1, '81000c000a0e000000043cfecc02f85091209040'],
    [undefined, Codec.av1, '81000c000a0b000000043cfefc02f80040'],
    ['PQ', Codec.vp9, '020ba00910090000014000b4'],
    ['HLG', Codec.vp9, '020ba00912090000014000b4'],
    ['SDR', Codec.vp9, '000b820101010000014000b4'],
    [undefined, Codec.vp9, '000b820202020000014000b4'],
  ] as const)('says %s of pictures whose configuration says so', (range, codec, record) => {
    const track = readTrack(configuration(FrameKind.video, codec, Buffer.from(record, 'hex')), undefined)!;
    expect(describeTrack(track).videoRange).toBe(range);
    expect(describeTrack(track).colour !== undefined).toBe(range !== undefined);
  });

  describe('colours that an encoder describes beside the bit stream', () => {
    const hlgRecord =
      '0164000affe1001b6764000aacd94426c05a848904a0000003002000000641e244b2c001000668ebe3cb22c0fdf8f800';
    const sdrRecord =
      '0164000affe1001b6764000aacd94426c05a848084a0000003002000000641e244b2c001000668ebe3cb22c0fdf8f800';
    const hdr: ColorInfo = {
      colorConfig: { colorPrimaries: 12, transferCharacteristics: 16, matrixCoefficients: 9 },
      hdrCll: { maxCLL: 900, maxFall: 300 },
    };
    const described = (record: Buffer, info: ColorInfo) => {
      const track = readTrack(configuration(FrameKind.video, Codec.h264, record), undefined)!;
      const frame = { ...configuration(FrameKind.colour, Codec.none, encodeColorInfo(info)) };
      const coloured = readColours(frame, track)!;
      expect(readColours(frame, coloured)).toBe(coloured);
      return describeTrack(coloured);
    };
    const light = { maxContentLightLevel: 900, maxPictureAverageLightLevel: 300 };

    it('hold where the bit stream leaves them open', () => {
      const { videoRange, colour, contentLight } = described(H264_RECORD, hdr);
      expect([videoRange, contentLight]).toEqual(['PQ', light]);
      expect(colour).toMatchObject({ colourPrimaries: 12, transferCharacteristics: 16, matrixCoefficients: 9 });
    });

    it('give way to the bit stream, code point by code point', () => {
      const { videoRange, colour, contentLight } = described(Buffer.from(hlgRecord, 'hex'), hdr);
      expect([videoRange, colour?.colourPrimaries, contentLight]).toEqual(['HLG', 9, light]);
    });

    it('are no HDR where the bit stream says SDR', () => {
      const { videoRange, contentLight } = described(Buffer.from(sdrRecord, 'hex'), hdr);
      expect([videoRange, contentLight]).toEqual(['SDR', undefined]);
    });

    it('describe a display as a whole or not at all', () => {
      expect(described(H264_RECORD, { ...hdr, hdrMdcv: { redX: 0.7, redY: 0.3 } }).masteringDisplay).toBeUndefined();
    });

    it('say nothing where they are not understood', () => {
      expect(readColours(configuration(FrameKind.colour, Codec.none, Buffer.from('02', 'hex')), h264Track)).toBe(
        undefined,
      );
    });
  });

  it('has silence for AAC and Opus, as long as their frames, and none for the others', () => {
    expect(silenceOf(opusTrack)).toEqual({ payload: Buffer.from('fcfffe', 'hex'), duration90k: 1_800 });
    expect(silenceOf(ac3Track)).toBeUndefined();
    expect(silenceOf(aacTrack)?.duration90k).toBeCloseTo((1_024 * 90_000) / 44_100);
    expect(silenceOf(mp3Track)).toBeUndefined();
    expect(silenceOf(h264Track)).toBeUndefined();
  });
});

describe('what is in a payload', () => {
  const keyframe = { keyframe: true, decodable: true };
  const decodable = { keyframe: false, decodable: true };
  const unusable = { keyframe: false, decodable: false };
  const h264 = CODECS[Codec.h264];
  const config = h264.readConfiguration(H264_RECORD);

  it.each([
    ['an IDR picture', '0000000465888040', keyframe],
    ['another picture', '00000004419a2040', decodable],
    ['SEI alone', '00000005060601c480', unusable],
    ['lengths that do not add up', '00000009419a2040', unusable],
    ['nothing', '', unusable],
  ])('H.264: %s', (_, hex, expected) => {
    expect(h264.inspect(Buffer.from(hex, 'hex'), config)).toEqual(expected);
  });

  const h265 = CODECS[Codec.h265];

  it.each([
    ['an IDR picture', '000000032601af', keyframe],
    ['a clean random access picture', '000000032a01af', keyframe],
    ['another picture', '000000030201d0', decodable],
    ['parameter sets alone', '00000003440150', unusable],
    ['lengths that do not add up', '000000090201d0', unusable],
  ])('H.265: %s', (_, hex, expected) => {
    expect(h265.inspect(Buffer.from(hex, 'hex'), h265.readConfiguration(H265_RECORD))).toEqual(expected);
  });

  it('AAC and MP3: every whole frame may be the first', () => {
    expect(CODECS[Codec.aac].inspect(Buffer.from('211004608c1c', 'hex'))).toEqual(keyframe);
    expect(CODECS[Codec.aac].inspect(Buffer.alloc(0))).toEqual(unusable);
    expect(CODECS[Codec.aac].inspect(Buffer.alloc(8_192))).toEqual(unusable);
    expect(CODECS[Codec.mp3].inspect(MP3_FRAME)).toEqual(keyframe);
    expect(CODECS[Codec.mp3].inspect(MP3_FRAME.subarray(1))).toEqual(unusable);
    expect(CODECS[Codec.mp3].inspect(MP3_FRAME.subarray(0, 416))).toEqual(unusable);
  });

  describe.each([
    ['AV1', 'bbb-av1-opus-enhanced.flv', CODECS[Codec.av1], AV1_RECORD, 233, 3],
    ['VP9', 'bbb-vp9-enhanced.flv', CODECS[Codec.vp9], VP9_RECORD, 88, 3],
  ] as const)('%s', (_name, file, rules, record, pictures, keyframes) => {
    const tags = new FlvDecoder()
      .push(readFileSync(new URL(`../../../media/${file}`, import.meta.url)))
      .filter(({ type }) => type === FlvTagType.video)
      .map(({ data }) => ({ tag: readVideoTag(data), body: data.subarray(readVideoTag(data).dataOffset) }));
    const coded = tags.filter(({ tag }) => tag.packetType === 1);
    const [given] = tags.filter(({ tag, body }) => tag.packetType === 0 && body.length > 0);

    it('agrees with what an encoder says of real footage, with its record and without', () => {
      for (const first of [given!.body, undefined]) {
        const reader = rules.openReader();
        if (first !== undefined) {
          expect(reader.judge(first)).toBe('new');
          reader.configure(first);
          expect(reader.judge(Buffer.from(first))).toBe('repeated');
        }
        const seen = { keyframes: 0, pictures: 0 };
        let readable = 0;
        for (const { tag, body } of coded) {
          const read = reader.read(body);
          // FFmpeg sends AV1 with temporal delimiters.
          expect(read).toEqual(body.subarray(body.readUInt16BE(0) === 0x1200 ? 2 : 0));
          reader.settle(read!, reader.contents);
          const isKeyframe = (reader.contents & PictureFlag.keyframe) !== 0;
          expect(isKeyframe).toBe(tag.frameType === 1);
          seen.pictures++;
          if (isKeyframe) seen.keyframes++;
          const configuration = rulesOf(rules.codec)!.readConfiguration(reader.record!);
          const inspection = rulesOf(rules.codec)!.inspect(body, configuration);
          expect(inspection).toEqual(isKeyframe ? keyframe : decodable);
          if (inspection.decodable) readable++;
        }
        expect(seen).toEqual({ keyframes, pictures });
        expect(readable).toBe(pictures);
        if (first !== undefined) expect(reader.record).toEqual(record);
      }
    });

    it('has another record from a keyframe on that says something else', () => {
      const reader = rules.openReader();
      const [first] = coded;
      reader.settle(reader.read(first!.body)!, reader.contents);
      const { record: before } = reader;
      reader.settle(reader.read(coded[1]!.body)!, reader.contents);
      expect(reader.record).toBe(before);
      const other = Buffer.from(first!.body);
      // A bit of the width.
      const at = rules.codec === Codec.av1 ? 8 : 6;
      other[at] = other[at]! ^ 1;
      reader.settle(reader.read(other)!, reader.contents);
      expect(reader.record).not.toEqual(before);
      expect(rulesOf(rules.codec)!.readConfiguration(reader.record!)).toBeDefined();
    });

    it('refuses what cannot be read, and waits for a keyframe', () => {
      const reader = rules.openReader();
      expect(reader.judge(Buffer.alloc(0))).toBe('repeated');
      expect(reader.judge(Buffer.from('ff', 'hex'))).toBe('unusable');
      expect(reader.read(Buffer.from('c0ff', 'hex'))).toBeUndefined();
      reader.settle(reader.read(coded[1]!.body)!, reader.contents);
      expect(reader.record).toBeUndefined();
    });
  });

  it('AV1: temporal delimiters are left out', () => {
    const reader = CODECS[Codec.av1].openReader();
    const frame = Buffer.from('12003202 1000'.replace(' ', ''), 'hex');
    expect(reader.read(frame)?.toString('hex')).toBe('32021000');
  });

  it('FLAC: every frame may be the first', () => {
    const frames = mediaFrames('bbb-flac-enhanced.flv').filter(({ length }) => length > 0);
    const rules = CODECS[Codec.flac];
    const reader = rules.openReader();
    reader.open(frames[0]!);
    expect(reader.fault).toBe('no_configuration');
    expect(reader.configure(Buffer.alloc(10))).toBe(false);
    expect(reader.configure(Buffer.from(flacTrack.record!))).toBe(true);
    for (const frame of frames) {
      expect(rules.inspect(frame)).toEqual(keyframe);
      reader.open(frame);
      expect(reader.next()).toBe(true);
      expect(reader.payload).toEqual(frame);
    }
    reader.open(frames[0]!);
    expect([reader.next(), reader.duration90k, reader.next()]).toEqual([true, 8_640, false]);
    expect(rules.inspect(Buffer.alloc(9))).toEqual(unusable);
  });

  it('FLAC: what the encoder has counted by its end is no other configuration', () => {
    const reader = CODECS[Codec.flac].openReader();
    const record = Buffer.from(flacTrack.record!);
    reader.configure(record);
    const { record: first } = reader;
    const ended = Buffer.from(record);
    ended.fill(7, 4, 10);
    ended[13]! |= 7;
    ended.fill(7, 14);
    expect(reader.configure(ended)).toBe(true);
    expect(reader.record).toBe(first);
    ended.writeUInt32BE(0x0ac442f0, 10);
    expect(reader.configure(ended)).toBe(true);
    expect(CODECS[Codec.flac].readConfiguration(reader.record!)).toMatchObject({ sampleRate: 44_100, channels: 2 });
  });

  it('AC-3, Enhanced AC-3 and Opus: every whole frame may be the first', () => {
    for (const [codec, frame, ticks] of [
      [Codec.ac3, AC3_FRAME, 2_880],
      [Codec.eac3, EAC3_FRAME, 2_880],
      [Codec.opus, OPUS_PACKET, 1_800],
    ] as const) {
      const rules = CODECS[codec];
      expect(rules.inspect(frame)).toEqual(keyframe);
      expect(rules.inspect(Buffer.alloc(0))).toEqual(unusable);
      expect(rulesOf(codec)!.duration90k(frame, CODECS[Codec.ac3].readConfiguration(ac3Track.record!))).toBe(ticks);
      if (codec === Codec.opus) continue;
      expect(rules.inspect(frame.subarray(1))).toEqual(unusable);
      expect(rules.inspect(Buffer.concat([frame, frame]))).toEqual(unusable);
    }
  });

  it('agrees with what an encoder says of real footage', () => {
    const counts = { keyframes: 0, pictures: 0, sounds: 0 };
    const flv = readFileSync(new URL('../../../media/bbb-h264-aac.flv', import.meta.url));
    for (const { type, data } of new FlvDecoder().push(flv)) {
      if (type === FlvTagType.video) {
        const tag = readVideoTag(data);
        if (tag.packetType !== 1) continue;
        const inspected = h264.inspect(data.subarray(tag.dataOffset), config);
        expect(inspected).toEqual(tag.frameType === 1 ? keyframe : decodable);
        counts[inspected.keyframe ? 'keyframes' : 'pictures']++;
      } else if (type === FlvTagType.audio) {
        const tag = readAudioTag(data);
        if (tag.packetType !== 1) continue;
        expect(CODECS[Codec.aac].inspect(data.subarray(tag.dataOffset))).toEqual(keyframe);
        counts.sounds++;
      }
    }
    expect(counts.keyframes + counts.pictures).toBe(897);
    expect(counts.keyframes).toBeGreaterThan(10);
    expect(counts.sounds).toBeGreaterThan(1_000);
  });
});

describe('tracks', () => {
  it('are the same object while their configuration repeats', () => {
    const again = configuration(FrameKind.video, Codec.h264, Buffer.from(H264_RECORD));
    expect(readTrack(again, h264Track)).toBe(h264Track);
    const other = configuration(FrameKind.audio, Codec.aac, Buffer.from('1190', 'hex'));
    expect(readTrack(other, aacTrack)).not.toBe(aacTrack);
  });

  it('outlive the buffer that their configuration came in', () => {
    const payload = Buffer.from(AAC_RECORD);
    const track = readTrack(configuration(FrameKind.audio, Codec.aac, payload), undefined)!;
    payload.fill(0xff);
    expect(track.record).toEqual(AAC_RECORD);
  });

  it.each([
    ['a record that no decoder could read', configuration(FrameKind.video, Codec.h264, Buffer.from('01', 'hex'))],
    ['a codec without records', configuration(FrameKind.audio, Codec.mp3, MP3_FRAME)],
    ['a codec of another kind', configuration(FrameKind.audio, Codec.h264, H264_RECORD)],
    ['a codec that is not known', configuration(FrameKind.video, 4, H264_RECORD)],
    ['media', configuration(FrameKind.video, Codec.h264, H264_RECORD, { flags: FrameFlag.keyframe })],
  ])('are not read from %s', (_, frame) => {
    expect(readTrack(frame, undefined)).toBeUndefined();
  });

  it('are found by kind and number, and ordered by them', () => {
    const second = readTrack(configuration(FrameKind.audio, Codec.aac, AAC_RECORD, { track: 1 }), undefined)!;
    const tracks = [second, aacTrack, h264Track].reduce(withTrack, NO_TRACKS);
    expect(tracks).toEqual([h264Track, aacTrack, second]);
    expect(findTrack(tracks, FrameKind.audio, 1)).toBe(second);
    expect(findTrack(tracks, FrameKind.audio)).toBe(aacTrack);
    expect(findTrack(tracks, FrameKind.data)).toBeUndefined();
    expect(withTrack(tracks, mp3Track)).toEqual([h264Track, mp3Track, second]);
  });

  it('of a codec whose frames say everything need no record', () => {
    expect(mp3Track).toEqual({
      id: 0,
      kind: FrameKind.audio,
      codec: Codec.mp3,
      record: undefined,
      configuration: undefined,
    });
    expect(trackWithoutRecord(Codec.aac)).toBeUndefined();
    expect(CODECS[Codec.mp3].duration90k(MP3_FRAME)).toBeCloseTo((1_152 * 90_000) / 44_100);
    expect(CODECS[Codec.mp3].duration90k(Buffer.alloc(4))).toBeUndefined();
  });
});
