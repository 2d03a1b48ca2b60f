// Enhanced RTMP v2: channel layouts, colours, and what onMetaData says of tracks.
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decodeAmf0, encodeAmf0, newRecord, propertiesOf } from '../amf0/index.ts';
import { record } from '../testing/amf-record.ts';
import { hex } from '../testing/hex.ts';
import { faultOf } from '../testing/protocol-fault.ts';
import type { ChannelLayout, ColorInfo } from './index.ts';
import {
  AudioChannel,
  AudioPacketType,
  audioTrackInfo,
  decodeChannelLayout,
  decodeColorInfo,
  encodeChannelLayout,
  encodeColorInfo,
  FlvDecoder,
  readAudioTag,
  readVideoTag,
  trackInfoMaps,
  VideoPacketType,
  videoTrackInfo,
} from './index.ts';

const footage = new FlvDecoder().push(
  readFileSync(new URL('../../../../media/bbb-av1-opus-enhanced.flv', import.meta.url)),
);

describe('channel layout', () => {
  const { frontLeft, frontRight, unused } = AudioChannel;
  const LAYOUTS: readonly [string, string, ChannelLayout][] = [
    ['a number of channels', '00 02', { order: 'unspecified', channelCount: 2 }],
    ['stereo in the native order', '01 02 00000003', { order: 'native', channelCount: 2, mask: 3 }],
    ['5.1 in the native order', '01 06 0000003f', { order: 'native', channelCount: 6, mask: 0x3f }],
    [
      'a map of its own',
      '02 03 01 00 fe',
      { order: 'custom', channelCount: 3, channels: [frontRight, frontLeft, unused] },
    ],
  ];

  it.each(LAYOUTS)('%s', (_name, bytes, layout) => {
    expect(decodeChannelLayout(hex(bytes))).toEqual(layout);
    expect(encodeChannelLayout(layout)).toEqual(hex(bytes));
    for (let length = 0; length < hex(bytes).length; length++)
      expect(faultOf(() => decodeChannelLayout(hex(bytes).subarray(0, length)))).toBe('ended-early');
  });

  it.each<[string, string, string]>([
    ['no channels', '00 00', 'flv.channel-layout.count'],
    ['a reserved order', '03 02', 'flv.channel-layout.order'],
    ['more channels than speakers', '01 03 00000003', 'flv.channel-layout.mask'],
    ['a speaker that does not exist', '01 01 01000000', 'flv.channel-layout.mask'],
    ['255 channels and a map of two', '02 ff 00 01', 'ended-early'],
  ])('refuses %s', (_name, bytes, code) => {
    expect(faultOf(() => decodeChannelLayout(hex(bytes)))).toBe(code);
  });

  it('is read from footage', () => {
    const tags = footage.filter(({ type }) => type === 8).map(({ data }) => ({ data, tag: readAudioTag(data) }));
    const { data, tag } = tags.find((one) => one.tag.packetType === AudioPacketType.multichannelConfig)!;
    expect(decodeChannelLayout(data.subarray(tag.dataOffset))).toEqual({ order: 'native', channelCount: 2, mask: 3 });
  });
});

describe('colour information', () => {
  const info: ColorInfo = {
    colorConfig: { bitDepth: 10, colorPrimaries: 9, transferCharacteristics: 16, matrixCoefficients: 9 },
    hdrCll: { maxFall: 400, maxCLL: 1000 },
    hdrMdcv: { redX: 0.708, redY: 0.292, whitePointX: 0.3127, maxLuminance: 1000, minLuminance: 0.0001 },
  };

  it('comes back as it was written', () => {
    expect(decodeColorInfo(encodeColorInfo(info))).toEqual(info);
    expect(decodeColorInfo(encodeColorInfo({ hdrCll: { maxCLL: 1 } }))).toEqual({ hdrCll: { maxCLL: 1 } });
  });

  it('is taken back by nothing', () => {
    expect(decodeColorInfo(encodeColorInfo(undefined))).toEqual({});
    expect(decodeColorInfo(encodeColorInfo({}))).toEqual({});
  });

  it('is absent among other names, and where numbers make no sense', () => {
    expect(decodeColorInfo(encodeAmf0('other', 1))).toBeUndefined();
    const odd = record({ colorConfig: record({ bitDepth: 1e9, colorPrimaries: 'x', matrixCoefficients: NaN }) });
    expect(decodeColorInfo(encodeAmf0('colorInfo', odd))).toEqual({});
  });

  it('is a typed error when it is cut or too large', () => {
    const bytes = encodeColorInfo(info);
    const whole = [0, bytes.length];
    for (let length = 0; length <= bytes.length; length++)
      expect(faultOf(() => decodeColorInfo(bytes.subarray(0, length))) === undefined).toBe(whole.includes(length));
    expect(faultOf(() => decodeColorInfo(Buffer.alloc(5_000)))).toBe('amf.too-large');
    expect(faultOf(() => decodeColorInfo(encodeAmf0('colorInfo')))).toBe('flv.metadata.no-value');
  });

  it('is read from footage', () => {
    const tags = footage.filter(({ type }) => type === 9).map(({ data }) => ({ data, tag: readVideoTag(data) }));
    const { data, tag } = tags.find((one) => one.tag.packetType === VideoPacketType.metadata)!;
    // FFmpeg wrote a `colorConfig` without numbers.
    expect(decodeColorInfo(data.subarray(tag.dataOffset))).toEqual({});
  });
});

describe('tracks in onMetaData', () => {
  const video = new Map([
    [1, { codec: 'av1' as const, width: 1024, height: 768, dataRate: 2000 }],
    [255, { codec: undefined, width: 3840, height: 2160, dataRate: undefined }],
  ]);
  const audio = new Map([[1, { codec: 'opus' as const, channels: 2, sampleRate: 48_000, dataRate: 128 }]]);

  it('come back as they were written', () => {
    const [metadata] = decodeAmf0(encodeAmf0(trackInfoMaps(video, audio)));
    const properties = propertiesOf(metadata)!;
    expect(videoTrackInfo(properties)).toEqual(video);
    expect(audioTrackInfo(properties)).toEqual(audio);
  });

  it('are left out when they have no number or no properties', () => {
    const map = Object.assign(newRecord(), {
      '0': record({}),
      '256': record({}),
      x: record({}),
      '-1': record({}),
      '2': 5,
    });
    expect(videoTrackInfo(record({ videoTrackIdInfoMap: map }))).toEqual(new Map());
    for (const value of [undefined, 'x', 5, null])
      expect(audioTrackInfo(Object.assign(newRecord(), { audioTrackIdInfoMap: value }))).toEqual(new Map());
  });

  it('say nothing that makes no sense', () => {
    const odd = record({ '1': record({ width: -1, height: 1e9, videocodecid: 'av01', videodatarate: NaN }) });
    const nothing = { codec: undefined, width: undefined, height: undefined, dataRate: undefined };
    expect(videoTrackInfo(record({ videoTrackIdInfoMap: odd }))).toEqual(new Map([[1, nothing]]));
  });
});

it('never fails but with a typed error, whatever the bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      faultOf(() => decodeChannelLayout(bytes));
      faultOf(() => decodeColorInfo(bytes));
    }),
  );
});
