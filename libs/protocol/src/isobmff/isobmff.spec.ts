// Outside judge: ffprobe and ffmpeg read what the writer makes of real footage. The boxes themselves are compared with bytes that
// were put together by hand from the standard.
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decodeAudioSpecificConfig } from '../aac/index.ts';
import { decodeAc3Syncframe, decodeEac3AccessUnit, encodeDac3, encodeDec3 } from '../ac3/index.ts';
import { decodeAv1Configuration, readTemporalUnit } from '../av1/index.ts';
import { FlvDecoder, FlvTagType, readAudioTag, readVideoTag, VideoPacketType } from '../flv/index.ts';
import { decodeH264Configuration, decodeSps, H264_SYNTAX } from '../h264/index.ts';
import { decodeH265Configuration, H265_SYNTAX } from '../h265/index.ts';
import { AccessUnitFlag, classifyAccessUnit } from '../nal/index.ts';
import { hex } from '../testing/hex.ts';
import { decodeVp9FrameHeader } from '../vp9/index.ts';
import {
  encodeCmafFragment,
  encodeCmafHeader,
  encodeEventMessage,
  encodeProducerReferenceTime,
  encodeSegmentType,
} from './index.ts';
import type { CmafSample, CmafTrack, CmafVideoTrack } from './index.ts';

const TIMESCALE = 90_000;

interface Clip {
  readonly track: CmafTrack;
  readonly samples: readonly (CmafSample & { readonly dts: number })[];
}

/** One kind of an FLV file, its times in 90 kHz ticks. */
function clipOf(name: string, kind: 'video' | 'audio'): Clip {
  const samples: (CmafSample & { dts: number; duration: number })[] = [];
  let track: CmafTrack | undefined;
  const add = (dts: number, compositionOffset: number, sync: boolean, payload: Buffer): void => {
    const last = samples.at(-1);
    if (last !== undefined) last.duration = dts - last.dts;
    samples.push({ dts, duration: 3_000, compositionOffset, sync, payload });
  };
  for (const tag of new FlvDecoder().push(readFileSync(new URL(`../../../../media/${name}`, import.meta.url)))) {
    const dts = tag.timestampMs * 90;
    if (kind === 'video' && tag.type === FlvTagType.video) {
      const { packetType, dataOffset, compositionTimeMs } = readVideoTag(tag.data);
      const payload = tag.data.subarray(dataOffset);
      if (packetType === VideoPacketType.sequenceStart) track ??= videoTrack(name, payload);
      const isCoded = packetType === VideoPacketType.codedFrames || packetType === VideoPacketType.codedFramesX;
      if (isCoded && track !== undefined)
        add(dts, compositionTimeMs * 90, isStart(payload, track.codec === 'h265'), payload);
    } else if (kind === 'audio' && tag.type === FlvTagType.audio) {
      const { packetType, dataOffset } = readAudioTag(tag.data);
      const payload = tag.data.subarray(dataOffset);
      if (packetType === 0) {
        const { samplingFrequency: sampleRate, channels } = decodeAudioSpecificConfig(payload);
        track = { kind: 'audio', codec: 'aac', record: payload, sampleRate, channels };
      } else add(dts, 0, true, payload);
    }
  }
  if (track === undefined) throw new Error(`${name} has no ${kind}`);
  return { track, samples };
}

/** The coded frames of an FLV file of Enhanced RTMP, with a track of the codec. */
function enhancedClip(name: string, codec: CmafTrack['codec']): Clip {
  const samples: (CmafSample & { dts: number; duration: number })[] = [];
  let record: Buffer | undefined;
  const add = (dts: number, sync: boolean, payload: Buffer): void => {
    const last = samples.at(-1);
    if (last !== undefined) last.duration = dts - last.dts;
    samples.push({ dts, duration: 3_000, compositionOffset: 0, sync, payload });
  };
  for (const tag of new FlvDecoder().push(readFileSync(new URL(`../../../../media/${name}`, import.meta.url)))) {
    const isVideo = tag.type === FlvTagType.video;
    if (!isVideo && tag.type !== FlvTagType.audio) continue;
    const head = isVideo ? readVideoTag(tag.data) : readAudioTag(tag.data);
    const payload = tag.data.subarray(head.dataOffset);
    if (head.codec !== codec || payload.length === 0) continue;
    if (head.packetType === 0) record ??= payload;
    if (head.packetType !== 1) continue;
    const unit = codec === 'av1' ? readTemporalUnit(payload) : undefined;
    const sync = unit?.keyframe ?? (codec !== 'vp9' || decodeVp9FrameHeader(payload).keyframe !== undefined);
    add(tag.timestampMs * 90, sync, payload.subarray(unit?.delimiterBytes ?? 0));
  }
  return { track: enhancedTrack(codec, record, samples[0]!.payload), samples: samples.slice(0, 60) };
}

function enhancedTrack(codec: CmafTrack['codec'], record: Buffer | undefined, first: Uint8Array): CmafTrack {
  const audio = { kind: 'audio', sampleRate: 48_000 } as const;
  if (codec === 'ac3') return { ...audio, codec, record: encodeDac3(decodeAc3Syncframe(first)), channels: 2 };
  if (codec === 'eac3') return { ...audio, codec, record: encodeDec3(decodeEac3AccessUnit(first)), channels: 6 };
  if (record === undefined) throw new Error('no configuration');
  if (codec === 'opus') return { ...audio, codec, record, channels: 2 };
  if (codec === 'flac') return { ...audio, codec, record, channels: 1 };
  const { width = 0, height = 0 } =
    codec === 'av1' ? decodeAv1Configuration(record).sequence! : decodeVp9FrameHeader(first).keyframe!;
  return { kind: 'video', codec: codec === 'av1' ? codec : 'vp9', record, width, height };
}

function videoTrack(name: string, record: Buffer): CmafTrack {
  if (name.includes('h265')) {
    const { width, height } = decodeH265Configuration(record).sequence;
    return { kind: 'video', codec: 'h265', record, width, height };
  }
  const { width, height } = decodeSps(decodeH264Configuration(record).sps[0]!);
  return { kind: 'video', codec: 'h264', record, width, height };
}

const isStart = (payload: Buffer, isH265: boolean): boolean =>
  (classifyAccessUnit(payload, 4, isH265 ? H265_SYNTAX : H264_SYNTAX) & AccessUnitFlag.idr) !== 0;

/** A file of all its samples, as many in a fragment. */
function fileOf({ track, samples }: Clip, perFragment: number): Buffer {
  const parts = [encodeCmafHeader(track, TIMESCALE)];
  for (let at = 0; at < samples.length; at += perFragment) {
    const some = samples.slice(at, at + perFragment);
    const baseMediaDecodeTime = some[0]!.dts;
    const before = at === 0 ? [encodeSegmentType(), encodeProducerReferenceTime({ wallMs: 0, mediaTime: 0 })] : [];
    parts.push(
      encodeCmafFragment(
        { kind: track.kind, sequenceNumber: at / perFragment + 1, baseMediaDecodeTime, samples: some },
        before,
      ),
    );
  }
  return Buffer.concat(parts);
}

interface Probed {
  readonly streams: readonly Record<string, unknown>[];
  readonly packets: readonly { readonly dts: number; readonly pts: number; readonly size: string; flags: string }[];
}

const probe = (file: Buffer): Probed =>
  JSON.parse(
    execFileSync('ffprobe', ['-v', 'error', '-show_streams', '-show_packets', '-of', 'json', 'pipe:0'], {
      input: file,
      maxBuffer: 2 ** 26,
    }).toString(),
  ) as Probed;

const complaints = (file: Buffer): string =>
  spawnSync('ffmpeg', ['-v', 'warning', '-i', 'pipe:0', '-f', 'null', '-'], { input: file }).stderr.toString();

describe('a CMAF file', () => {
  it.each([
    ['bbb-h264-aac.flv', 'video', { codec_name: 'h264', codec_tag_string: 'avc1' }],
    ['bbb-h265-aac-enhanced.flv', 'video', { codec_name: 'hevc', codec_tag_string: 'hvc1' }],
    ['bbb-h264-aac.flv', 'audio', { codec_name: 'aac', codec_tag_string: 'mp4a', channels: 2 }],
  ] as const)('of the %s track of %s is what ffprobe reads and ffmpeg decodes', (name, kind, expected) => {
    const clip = clipOf(name, kind);
    const file = fileOf(clip, 15);
    const { streams, packets } = probe(file);
    const size = clip.track.kind === 'video' ? { width: clip.track.width, height: clip.track.height } : {};
    expect(streams).toEqual([expect.objectContaining({ ...expected, ...size, time_base: `1/${TIMESCALE}` })]);
    expect(packets.map(({ dts, pts, size: bytes, flags }) => [dts, pts, Number(bytes), flags.startsWith('K')])).toEqual(
      clip.samples.map(({ dts, compositionOffset, payload, sync }) => [
        dts,
        dts + compositionOffset,
        payload.length,
        sync,
      ]),
    );
    expect(complaints(file)).toBe('');
  });

  it.each<[string, CmafTrack['codec'], Record<string, unknown>]>([
    ['bbb-av1-opus-enhanced.flv', 'av1', { codec_name: 'av1', codec_tag_string: 'av01', width: 960, height: 540 }],
    ['bbb-vp9-enhanced.flv', 'vp9', { codec_name: 'vp9', codec_tag_string: 'vp09', width: 320, height: 180 }],
    ['bbb-opus-enhanced.flv', 'opus', { codec_name: 'opus', codec_tag_string: 'Opus', channels: 2 }],
    [
      'bbb-flac-enhanced.flv',
      'flac',
      { codec_name: 'flac', codec_tag_string: 'fLaC', channels: 1, sample_rate: '48000' },
    ],
    ['bbb-ac3-enhanced.flv', 'ac3', { codec_name: 'ac3', codec_tag_string: 'ac-3', channels: 2 }],
    ['bbb-eac3-enhanced.flv', 'eac3', { codec_name: 'eac3', codec_tag_string: 'ec-3', channels: 6 }],
  ])('of %s, which is %s, is what ffprobe reads and ffmpeg decodes', (name, codec, expected) => {
    const clip = enhancedClip(name, codec);
    const file = fileOf(clip, 15);
    const { streams, packets } = probe(file);
    expect(streams).toEqual([expect.objectContaining({ ...expected, time_base: `1/${TIMESCALE}` })]);
    expect(packets.map(({ dts, size, flags }) => [dts, Number(size), flags.startsWith('K')])).toEqual(
      clip.samples.map(({ dts, payload, sync }) => [dts, payload.length, sync]),
    );
    expect(complaints(file)).toBe('');
  });

  it('says how numbers become colours, where that is known', () => {
    const clip = clipOf('bbb-h264-aac.flv', 'video');
    const track = clip.track as CmafVideoTrack;
    const colour = { colourPrimaries: 9, transferCharacteristics: 16, matrixCoefficients: 9, fullRange: true };
    const { streams } = probe(fileOf({ ...clip, track: { ...track, colour } }, 15));
    expect(streams).toEqual([
      expect.objectContaining({
        color_primaries: 'bt2020',
        color_transfer: 'smpte2084',
        color_space: 'bt2020nc',
        color_range: 'pc',
      }),
    ]);
    const box = (fullRange: boolean) =>
      encodeCmafHeader({ ...track, colour: { ...colour, fullRange } }, TIMESCALE).toString('hex');
    expect(box(false)).toContain('00000013636f6c726e636c7800090010000900');
    expect(box(true)).toContain('00000013636f6c726e636c7800090010000980');
    expect(encodeCmafHeader(track, TIMESCALE).includes('colr')).toBe(false);
  });

  it('says on which display HDR was mastered, and how bright it is, where that is known', () => {
    const track = clipOf('bbb-h264-aac.flv', 'video').track as CmafVideoTrack;
    const masteringDisplay = {
      redX: 0.708,
      redY: 0.292,
      greenX: 0.17,
      greenY: 0.797,
      blueX: 0.131,
      blueY: 0.046,
      whitePointX: 0.3127,
      whitePointY: 0.329,
      maxLuminance: 1_000,
      minLuminance: 0.0001,
    };
    const contentLight = { maxContentLightLevel: 1_000, maxPictureAverageLightLevel: 400 };
    const bytes = encodeCmafHeader({ ...track, masteringDisplay, contentLight }, TIMESCALE).toString('hex');
    // Green, blue, red and white as in the SEI message of ITU-T H.265 section D.3.28.
    expect(bytes).toContain(
      '000000206d646376' + '21349baa' + '199608fc' + '8a483908' + '3d134042' + '00989680' + '00000001',
    );
    expect(bytes).toContain('0000000c636c6c69' + '03e8' + '0190');
    const plain = encodeCmafHeader(track, TIMESCALE);
    expect([plain.includes('mdcv'), plain.includes('clli')]).toEqual([false, false]);
  });

  it('begins again at any fragment, as a player joins', () => {
    const clip = clipOf('bbb-h264-aac.flv', 'audio');
    const late = { track: clip.track, samples: clip.samples.slice(100, 150) };
    const { packets } = probe(fileOf(late, 7));
    expect(packets.map(({ dts }) => dts)).toEqual(late.samples.map(({ dts }) => dts));
  });
});

describe('a fragment', () => {
  const sample = (bytes: string, duration: number, compositionOffset: number, sync: boolean): CmafSample => ({
    duration,
    compositionOffset,
    sync,
    payload: hex(bytes),
  });

  it('of pictures is these bytes', () => {
    const samples = [sample('aabbcc', 3_000, 6_000, true), sample('dd', 3_001, -1, false)];
    const bytes = encodeCmafFragment({ kind: 'video', sequenceNumber: 7, baseMediaDecodeTime: 2 ** 33, samples });
    expect(bytes.toString('hex')).toBe(
      [
        '0000007c6d6f6f66', // moof, 124 bytes
        '000000106d66686400000000', // mfhd
        '00000007',
        '0000006474726166', // traf
        '000000147466686400020020', // tfhd: default-base-is-moof, default-sample-flags
        '0000000101010000',
        '000000147466647401000000', // tfdt, version 1
        '0000000200000000',
        '000000347472756e01000f01', // trun, version 1
        '0000000200000084',
        '00000bb8000000030200000000001770',
        '00000bb90000000101010000ffffffff',
        '0000000c6d646174', // mdat
        'aabbccdd',
      ].join(''),
    );
  });

  it('of sound says nothing of samples but how long and how large they are', () => {
    const samples = [sample('0102', 1_920, 0, true)];
    const bytes = encodeCmafFragment({ kind: 'audio', sequenceNumber: 2 ** 32 + 5, baseMediaDecodeTime: 90, samples });
    expect(bytes.toString('hex')).toBe(
      '000000646d6f6f66000000106d66686400000000000000050000004c747261660000001474666864000200200000000102000000' +
        '000000147466647401000000000000000000005a' +
        '0000001c7472756e01000301000000010000006c0000078000000002' +
        '0000000a6d6461740102',
    );
  });

  it('begins with what is to come before it, and its data offset counts from itself', () => {
    const fragment = { kind: 'audio', sequenceNumber: 1, baseMediaDecodeTime: 0, samples: [] } as const;
    const styp = encodeSegmentType();
    expect(styp.toString('latin1', 4)).toBe('stypmsdh\0\0\0\0msdhmsixcmfs');
    expect(encodeCmafFragment(fragment, [styp])).toEqual(Buffer.concat([styp, encodeCmafFragment(fragment)]));
  });

  it('refuses what has no place in its fields', () => {
    const fragment = { kind: 'video', sequenceNumber: 1, baseMediaDecodeTime: 0 } as const;
    expect(() => encodeCmafFragment({ ...fragment, baseMediaDecodeTime: -1, samples: [] })).toThrow(RangeError);
    expect(() => encodeCmafFragment({ ...fragment, samples: [sample('00', -1, 0, true)] })).toThrow(RangeError);
    expect(() => encodeCmafFragment({ ...fragment, samples: [sample('00', 2 ** 32, 0, true)] })).toThrow(RangeError);
    expect(() => encodeCmafFragment({ ...fragment, samples: [sample('00', 1, 2 ** 31, true)] })).toThrow(RangeError);
  });
});

describe('boxes beside a fragment', () => {
  it('say which wall-clock time belongs to a media time', () => {
    // 2020-01-01 00:00:00.5 UTC in NTP: 3,786,825,600 s.
    const bytes = encodeProducerReferenceTime({ wallMs: 1_577_836_800_500, mediaTime: 90_000 });
    expect(bytes.toString('hex')).toBe('00000020707266740100000000000001e1b65f80800000000000000000015f90');
  });

  it('carry an event', () => {
    const bytes = encodeEventMessage({
      schemeIdUri: 'urn:x',
      value: 'v',
      timescale: 90_000,
      presentationTime: 1,
      duration: 0xffff_ffff,
      id: 2,
      message: hex('494433'),
    });
    expect(bytes.toString('hex')).toBe(
      '0000002b656d73670100000000015f900000000000000001ffffffff0000000275726e3a78007600494433',
    );
  });
});

describe('the header of a track', () => {
  it('is the same bytes for the same track', () => {
    const { track } = clipOf('bbb-h264-aac.flv', 'video');
    expect(encodeCmafHeader(track, TIMESCALE)).toEqual(encodeCmafHeader({ ...track }, TIMESCALE));
  });

  it('holds a long configuration in its descriptors, and leaves a rate of more than 16 bits to it', () => {
    const record = Buffer.alloc(300, 0x11);
    const bytes = encodeCmafHeader({ kind: 'audio', codec: 'aac', record, sampleRate: 96_000, channels: 2 }, TIMESCALE);
    const text = bytes.toString('hex');
    // 300 = 2 * 128 + 44; 316 = 2 * 128 + 60; 325 = 2 * 128 + 69.
    expect(text).toContain(`05822c${record.toString('hex')}`);
    expect(text).toContain('04823c4015');
    expect(text).toContain('038245000000');
    expect(text).toContain(`${'0002'}${'0010'}${'00000000'}${'00000000'}${'0000015465736473'}`);
  });
});
