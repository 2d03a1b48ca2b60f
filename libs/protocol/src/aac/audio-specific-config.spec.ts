import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BitWriter } from '../bytes/index.ts';
import { hex } from '../testing/hex.ts';
import { faultOf } from '../testing/protocol-fault.ts';
import type { AudioSpecificConfig, ProgramConfig } from './index.ts';
import {
  aacCodecString,
  aacFrameDuration90k,
  decodeAudioSpecificConfig,
  encodeAudioSpecificConfig,
  samplingFrequencyOf,
} from './index.ts';

const lc: AudioSpecificConfig = {
  objectType: 2,
  samplingFrequency: 44_100,
  channelConfiguration: 2,
  channels: 2,
  frameLength: 1024,
  coreCoderDelay: undefined,
  sbr: undefined,
  programConfig: undefined,
};

const surround: ProgramConfig = {
  instanceTag: 0,
  objectType: 1,
  samplingFrequencyIndex: 3,
  front: [
    { pair: false, tag: 0 },
    { pair: true, tag: 1 },
  ],
  side: [],
  back: [{ pair: true, tag: 2 }],
  lfeTags: [0],
  dataTags: [],
  coupling: [],
  monoMixdown: undefined,
  stereoMixdown: undefined,
  matrixMixdown: undefined,
  comment: Buffer.from('Lavc'),
};

/** ISO/IEC 14496-3 section 1.6.2.1; the bytes are put together from its table, or are what common encoders send. */
const CASES: readonly [string, string, AudioSpecificConfig, string][] = [
  ['LC, 44.1 kHz, stereo', '1210', lc, 'mp4a.40.2'],
  ['LC, 48 kHz, stereo', '1190', { ...lc, samplingFrequency: 48_000 }, 'mp4a.40.2'],
  ['LC, 8 kHz, mono', '1588', { ...lc, samplingFrequency: 8_000, channelConfiguration: 1, channels: 1 }, 'mp4a.40.2'],
  ['LC, 48 kHz, 5.1', '11b0', { ...lc, samplingFrequency: 48_000, channelConfiguration: 6, channels: 6 }, 'mp4a.40.2'],
  ['LC, 48 kHz, 7.1', '11b8', { ...lc, samplingFrequency: 48_000, channelConfiguration: 7, channels: 8 }, 'mp4a.40.2'],
  ['LC with 960 samples', '1214', { ...lc, frameLength: 960 }, 'mp4a.40.2'],
  ['LC at 37,800 Hz, which is in no table', '1780 49d4 10', { ...lc, samplingFrequency: 37_800 }, 'mp4a.40.2'],
  ['Main', '0a10', { ...lc, objectType: 1 }, 'mp4a.40.1'],
  ['LTP', '2210', { ...lc, objectType: 4 }, 'mp4a.40.4'],
  [
    'HE-AAC, SBR first, 22.05 to 44.1 kHz',
    '2b920800',
    {
      ...lc,
      samplingFrequency: 22_050,
      sbr: { signalling: 'hierarchical', samplingFrequency: 44_100, parametricStereo: false },
    },
    'mp4a.40.5',
  ],
  [
    'HE-AAC v2, PS first, mono to stereo',
    'eb8a0800',
    {
      ...lc,
      samplingFrequency: 22_050,
      channelConfiguration: 1,
      channels: 1,
      sbr: { signalling: 'hierarchical', samplingFrequency: 44_100, parametricStereo: true },
    },
    'mp4a.40.29',
  ],
  [
    'HE-AAC, SBR at the end',
    '1390 56e5a0',
    {
      ...lc,
      samplingFrequency: 22_050,
      sbr: { signalling: 'compatible', samplingFrequency: 44_100, parametricStereo: false },
    },
    'mp4a.40.5',
  ],
  [
    'HE-AAC v2, SBR and PS at the end',
    '1388 56e5a54880',
    {
      ...lc,
      samplingFrequency: 22_050,
      channelConfiguration: 1,
      channels: 1,
      sbr: { signalling: 'compatible', samplingFrequency: 44_100, parametricStereo: true },
    },
    'mp4a.40.29',
  ],
];

describe('AudioSpecificConfig', () => {
  it.each(CASES)('decodes %s', (_name, bytes, config) => {
    expect(decodeAudioSpecificConfig(hex(bytes))).toEqual(config);
  });

  it.each(CASES)('encodes %s', (_name, bytes, config) => {
    const encoded = encodeAudioSpecificConfig(config).toString('hex');
    // Encoders fill up to a byte in different ways.
    expect(
      hex(bytes)
        .toString('hex')
        .replace(/(00)+$/, ''),
    ).toBe(encoded.replace(/(00)+$/, ''));
  });

  it.each(CASES)('names %s', (_name, _bytes, config, codec) => {
    expect(aacCodecString(config)).toBe(codec);
  });

  it.each<[string, string, object]>([
    ['SBR announced as absent', '121056e500', { sbr: undefined }],
    ['padding', '1210000000', { sbr: undefined }],
    // Behind the sampling frequency of SBR: bits that are not 0x548, and 0x548 that says "no parametric stereo".
    ['SBR and padding', '139056e5a000000000', { sbr: { samplingFrequency: 44_100, parametricStereo: false } }],
    [
      'SBR and PS announced as absent',
      '138856e5a54800',
      { sbr: { samplingFrequency: 44_100, parametricStereo: false } },
    ],
  ])('takes LC with %s', (_name, bytes, expected) => {
    expect(decodeAudioSpecificConfig(hex(bytes))).toMatchObject(expected);
  });

  it('reads a core coder delay', () => {
    const bits = new BitWriter().bits(2, 5).bits(4, 4).bits(2, 4).bits(0b01, 2).bits(0x1555, 14).bits(0, 1);
    expect(decodeAudioSpecificConfig(bits.toBuffer())).toEqual({ ...lc, coreCoderDelay: 0x1555 });
  });

  it('counts the channels of a program config element', () => {
    const config = { ...lc, samplingFrequency: 48_000, channelConfiguration: 0, channels: 6, programConfig: surround };
    expect(decodeAudioSpecificConfig(encodeAudioSpecificConfig(config))).toEqual(config);
  });

  it('reads a program config element written bit by bit', () => {
    const bits = new BitWriter().bits(2, 5).bits(3, 4).bits(0, 4).bits(0, 3);
    bits.bits(5, 4).bits(1, 2).bits(3, 4).bits(1, 4).bits(0, 4).bits(0, 4).bits(1, 2).bits(1, 3).bits(1, 4);
    bits.flag(true).bits(7, 4).flag(true).bits(8, 4).flag(true).bits(0b101, 3);
    bits.flag(true).bits(3, 4).bits(9, 4).bits(2, 4).flag(true).bits(4, 4).align().bits(1, 8).bits(0x21, 8);
    expect(decodeAudioSpecificConfig(bits.toBuffer())).toMatchObject({
      channels: 3,
      programConfig: {
        instanceTag: 5,
        front: [{ pair: true, tag: 3 }],
        lfeTags: [9],
        dataTags: [2],
        coupling: [{ pair: true, tag: 4 }],
        monoMixdown: 7,
        stereoMixdown: 8,
        matrixMixdown: 5,
        comment: Buffer.from('!'),
      },
    });
  });

  it.each([
    [lc, 2089.8],
    [{ ...lc, samplingFrequency: 48_000 }, 1920],
    [{ ...lc, frameLength: 960 as const, samplingFrequency: 48_000 }, 1800],
  ])('says how long a frame lasts', (config, duration) => {
    expect(aacFrameDuration90k(config)).toBeCloseTo(duration, 1);
  });

  it('comes back from its bytes, whatever is in it', () => {
    const frequency = fc.oneof(
      fc.nat(12).map((index) => samplingFrequencyOf(index) ?? 0),
      fc.integer({ min: 1, max: 0xffffff }),
    );
    const sbr = fc.record({
      signalling: fc.constantFrom('hierarchical' as const, 'compatible' as const),
      samplingFrequency: frequency,
      parametricStereo: fc.boolean(),
    });
    const config = fc.record({
      objectType: fc.constantFrom(1, 2, 3, 4),
      samplingFrequency: frequency,
      layout: fc.constantFrom([1, 1], [2, 2], [6, 6], [7, 8], [11, 7], [12, 8], [14, 8]),
      frameLength: fc.constantFrom(1024 as const, 960 as const),
      coreCoderDelay: fc.option(fc.nat(0x3fff), { nil: undefined }),
      sbr: fc.option(sbr, { nil: undefined }),
    });
    fc.assert(
      fc.property(config, ({ layout, ...rest }) => {
        const whole = { ...rest, channelConfiguration: layout[0], channels: layout[1], programConfig: undefined };
        expect(decodeAudioSpecificConfig(encodeAudioSpecificConfig(whole))).toEqual(whole);
      }),
    );
  });
});

describe('a bad AudioSpecificConfig', () => {
  it.each<[string, string, string]>([
    ['no bytes', '', 'ended-early'],
    ['1 byte', '12', 'ended-early'],
    ['an escape object type (xHE-AAC, 42)', 'f94640', 'aac.config.object-type'],
    ['object type 0', '0210', 'aac.config.object-type'],
    ['frequency index 13', '1690', 'aac.sampling-frequency'],
    ['frequency index 14', '1710', 'aac.sampling-frequency'],
    ['frequency index 15 cut short', '178049', 'ended-early'],
    ['frequency index 15 with 0 Hz', '1780000010', 'aac.sampling-frequency'],
    ['reserved channel configuration 8', '1240', 'aac.config.channels'],
    ['reserved channel configuration 15', '1278', 'aac.config.channels'],
    ['channel configuration 0 without its element', '1200', 'ended-early'],
    ['an element without channels', '12000000 0000 0000 0000', 'aac.config.channels'],
    ['SBR over SBR', '2b921400', 'aac.config.object-type'],
    ['513 bytes', '1210'.padEnd(1026, '0'), 'aac.config.too-long'],
  ])('a configuration with %s is refused', (_name, bytes, code) => {
    expect(faultOf(() => decodeAudioSpecificConfig(hex(bytes)))).toBe(code);
  });

  it('every truncation is refused, or reads as what an old decoder would see', () => {
    for (const [, bytes] of CASES) {
      const whole = hex(bytes);
      for (let length = 0; length < whole.length; length++) {
        const fault = faultOf(() => decodeAudioSpecificConfig(whole.subarray(0, length)));
        expect(['ended-early', undefined]).toContain(fault);
        if (length < 2) expect(fault).toBe('ended-early');
      }
    }
  });
});
