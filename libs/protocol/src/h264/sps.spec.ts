import { describe, expect, it } from 'vitest';
import { BitWriter } from '../bytes/index.ts';
import { hex } from '../testing/hex.ts';
import { faultOf } from '../testing/protocol-fault.ts';
import { addEmulationPrevention } from '../nal/index.ts';
import { decodeSps, spsFrameRate } from './index.ts';

/** Made by x264; size, rate and format are what ffprobe says of them. */
const ENCODED: readonly [string, string, object][] = [
  [
    'constrained baseline, no reordering',
    '6742c01ed900a02ff97011000003000100000300320f162e48',
    { profileIdc: 66, constraintFlags: 0xc0, levelIdc: 30, width: 640, height: 360, frameRate: 25, reorder: 0 },
  ],
  [
    'main, width not a multiple of 16, 30000/1001 frames a second',
    '674d401feca06c1ef37808800001f480007530078c18cb',
    { profileIdc: 77, levelIdc: 31, width: 854, height: 480, frameRate: 30_000 / 1001, reorder: 2 },
  ],
  [
    'high, 1088 lines cropped to 1080',
    '67640028acd940780227e5c044000003000400000300f03c60c658',
    { profileIdc: 100, levelIdc: 40, width: 1920, height: 1080, frameRate: 30, chromaFormatIdc: 1 },
  ],
  [
    'interlaced, samples that are not square',
    '6764001eacd940b424dff8020001688000000300800000190f8a14cb',
    { width: 720, height: 576, frameMbsOnly: false, frameRate: 25, aspect: [64, 45] },
  ],
  [
    'interlaced, 1088 lines cropped to 1080 in units of fields',
    '67640028acd94078044fde0220000003002000000643e2c5b2c0',
    { width: 1920, height: 1080, frameMbsOnly: false, frameRate: 25 },
  ],
  [
    'high 4:2:2 with 10 bits',
    '677a0020b6cd9405005bb011000003000100000300640f183196',
    { profileIdc: 122, width: 1280, height: 720, chromaFormatIdc: 2, bitDepthLuma: 10, bitDepthChroma: 10 },
  ],
  [
    'high 4:4:4, odd crop',
    '67f4001e919b282c13f71f8088000003000800000303c078b16cb0',
    { profileIdc: 244, width: 350, height: 290, chromaFormatIdc: 3, frameRate: 60 },
  ],
  [
    'monochrome',
    '6764000df36505421e3e3f016c800000030080000018078a14cb',
    { width: 322, height: 242, chromaFormatIdc: 0, frameRate: 24 },
  ],
  [
    'with hypothetical reference decoder parameters',
    '67640020acd9405005bb011000000300100000078626000f424001e84e4d38078c18cb',
    { width: 1280, height: 720, frameRate: 60, reorder: 2 },
  ],
  [
    'level 5.2',
    '67640034acd9403c0043ec0440000003004000001e03c60c6580',
    { levelIdc: 52, width: 3840, height: 2160, frameRate: 60 },
  ],
  [
    'of the test footage',
    '6764001facd980f0117ef0110000030001000003003c0f18319a',
    { levelIdc: 31, width: 960, height: 540, frameRate: 30, reorder: 2 },
  ],
];

interface Fields {
  profile?: number;
  pocType?: number;
  pocCycle?: number;
  widthInMbs?: number;
  heightInMbs?: number;
  crop?: [number, number, number, number];
  timing?: [number, number];
  scalingLists?: number[];
}

/** An SPS field by field, after section 7.3.2.1.1. */
function sps(fields: Fields): Buffer {
  const profile = fields.profile ?? 66;
  const bits = new BitWriter().bits(profile, 8).bits(0, 8).bits(30, 8).ue(0);
  if (profile === 100) {
    bits.ue(1).ue(0).ue(0).bits(0, 1);
    bits.flag(fields.scalingLists !== undefined);
    if (fields.scalingLists !== undefined) {
      bits.flag(true);
      for (const delta of fields.scalingLists) bits.se(delta);
      for (let list = 1; list < 8; list++) bits.flag(false);
    }
  }
  bits.ue(0).ue(fields.pocType ?? 2);
  if (fields.pocType === 0) bits.ue(4);
  if (fields.pocType === 1) {
    bits
      .flag(false)
      .se(-3)
      .se(5)
      .ue(fields.pocCycle ?? 0);
    for (let index = 0; index < Math.min(fields.pocCycle ?? 0, 255); index++) bits.se(index % 7);
  }
  bits.ue(1).flag(false);
  bits.ue((fields.widthInMbs ?? 40) - 1).ue((fields.heightInMbs ?? 23) - 1);
  bits
    .flag(true)
    .flag(true)
    .flag(fields.crop !== undefined);
  for (const side of fields.crop ?? []) bits.ue(side);
  bits.flag(fields.timing !== undefined);
  if (fields.timing !== undefined) {
    bits.bits(0, 4).flag(true).bits(fields.timing[0], 32).bits(fields.timing[1], 32).flag(true);
    bits.bits(0, 4);
  }
  return addEmulationPrevention(0x67, bits.flag(true).align().toBuffer());
}

describe('sequence parameter set', () => {
  it.each(ENCODED)('reads one %s', (_name, text, expected) => {
    const parsed = decodeSps(hex(text));
    expect({
      ...parsed,
      frameRate: spsFrameRate(parsed),
      reorder: parsed.vui?.maxReorderFrames,
      aspect: parsed.vui?.sampleAspectRatio,
    }).toMatchObject(expected);
  });

  it.each<[string, Fields, object]>([
    ['picture order count type 0', { pocType: 0 }, { width: 640, height: 368 }],
    ['picture order count type 1 with a cycle of 255', { pocType: 1, pocCycle: 255 }, { width: 640, height: 368 }],
    ['a crop on all sides', { crop: [1, 2, 3, 4] }, { width: 634, height: 354 }],
    ['the largest frame of any level', { widthInMbs: 544, heightInMbs: 256 }, { width: 8704, height: 4096 }],
    ['a scaling list that stops early', { profile: 100, scalingLists: [1, 2, -11] }, { width: 640 }],
    ['a whole scaling list', { profile: 100, scalingLists: new Array<number>(16).fill(1) }, { width: 640 }],
    ['the longest rate', { timing: [1, 0xffffffff] }, { vui: { timing: { unitsInTick: 1, timeScale: 0xffffffff } } }],
  ])('reads %s', (_name, fields, expected) => {
    expect(decodeSps(sps(fields))).toMatchObject(expected);
  });

  it('has no frame rate when the encoder does not tell one', () => {
    expect(spsFrameRate(decodeSps(sps({})))).toBeUndefined();
  });

  it('every truncation is a typed error or, from the VUI on, the same parameter set without it', () => {
    for (const [, text] of ENCODED) {
      const whole = hex(text);
      for (let length = 0; length < whole.length - 1; length++) {
        const fault = faultOf(() => {
          const read = decodeSps(whole.subarray(0, length));
          expect(read).toEqual({ ...decodeSps(whole), vui: read.vui });
        });
        expect([length === 0 ? 'h264.nal-type' : 'ended-early', undefined]).toContain(fault);
      }
    }
  });
});

describe('a bad sequence parameter set', () => {
  it.each<[string, Buffer, string]>([
    ['no bytes', Buffer.alloc(0), 'h264.nal-type'],
    ['the NAL header only', hex('67'), 'ended-early'],
    ['another NAL unit', hex('6842c01e'), 'h264.nal-type'],
    ['an Exp-Golomb code with 40 leading zeros', hex('6742c01e 0000030000030000ff'), 'exp-golomb.too-long'],
    ['a picture order count cycle of 256', sps({ pocType: 1, pocCycle: 256 }), 'exp-golomb.out-of-range'],
    ['65,536 x 65,536', sps({ widthInMbs: 4096, heightInMbs: 4096 }), 'h264.sps.size'],
    ['one row that is too long', sps({ widthInMbs: 1056, heightInMbs: 1 }), 'h264.sps.size'],
    ['more macroblocks than any level', sps({ widthInMbs: 544, heightInMbs: 257 }), 'h264.sps.size'],
    ['a crop larger than the picture', sps({ crop: [0, 320, 0, 0] }), 'h264.sps.crop'],
    ['4 KiB of it', Buffer.concat([hex('67'), Buffer.alloc(4096, 0xff)]), 'h264.sps.too-long'],
  ])('an SPS with %s is refused', (_name, bytes, code) => {
    expect(faultOf(() => decodeSps(bytes))).toBe(code);
  });

  it.each([
    ['time_scale 0', [1, 0] as const],
    ['num_units_in_tick 0', [0, 50] as const],
  ])('an SPS with %s tells no rate, and all else', (_name, timing) => {
    const read = decodeSps(sps({ timing: [...timing] }));
    expect([read.width, read.vui?.timing, spsFrameRate(read)]).toEqual([
      decodeSps(sps({})).width,
      undefined,
      undefined,
    ]);
  });

  it('an SPS that ends in emulation prevention is read', () => {
    const bytes = Buffer.concat([hex('6742c01ed900a02ff97011000003000100000300320f162e48'), hex('000003')]);
    expect(decodeSps(bytes)).toMatchObject({ width: 640, height: 360 });
  });
});
