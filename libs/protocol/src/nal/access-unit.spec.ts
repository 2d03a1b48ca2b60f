import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { H264_SYNTAX } from '../h264/index.ts';
import { hex } from '../testing/hex.ts';
import { faultOf } from '../testing/protocol-fault.ts';
import type { NalLengthSize } from './index.ts';
import {
  AccessUnitFlag,
  AccessUnitScan,
  classifyAccessUnit,
  joinAccessUnit,
  MAX_NAL_UNITS,
  nalLengthAt,
  scanAccessUnit,
  splitAccessUnit,
} from './index.ts';

const { slice, predicted, idr, accessUnitDelimiter, sps, pps, sei, recoveryPoint, cea608, cea708 } = AccessUnitFlag;

describe('access unit', () => {
  it.each<[string, string, number]>([
    ['an IDR picture', '00000003 65aabb', slice | idr],
    ['a picture of two slices', '00000002 41aa 00000002 01bb', slice | predicted],
    ['a P picture', '00000002 41e0', slice | predicted],
    ['an I picture that is no IDR picture', '00000002 4188', slice],
    ['an I slice further down, and one whose type holds for it alone', '00000002 414c 00000002 01b0', slice],
    ['a recovery point', '00000005 060601c480 00000002 41e0', sei | recoveryPoint | slice | predicted],
    [
      'captions',
      '00000015 06 0411 b500314741393403 c2ff fc9420 ff0221 ff80 00000002 4188',
      sei | cea608 | cea708 | slice,
    ],
    [
      'delimiter, parameter sets and IDR',
      '00000002 09f0 00000001 67 00000001 68 00000001 65',
      accessUnitDelimiter | sps | pps | slice | idr,
    ],
    ['SEI before a picture', '00000001 06 00000001 41', sei | slice | predicted],
    ['a data partition', '00000001 42', slice | predicted],
    ['delimiter, SEI and filler: no picture', '00000002 09f0 00000001 06 00000001 0c', accessUnitDelimiter | sei],
    ['a PPS: no picture', '00000001 68', pps],
    ['an SPS: no picture', '00000001 67', sps],
    ['nothing', '', 0],
  ])('knows %s', (_name, payload, expected) => {
    expect(classifyAccessUnit(hex(payload), 4, H264_SYNTAX)).toBe(expected);
  });

  it.each<[NalLengthSize, string]>([
    [1, '0265aa 0141'],
    [2, '000265aa 000141'],
    [4, '0000000265aa 0000000141'],
  ])('walks lengths of %d bytes', (size, payload) => {
    expect(splitAccessUnit(hex(payload), size)).toEqual([hex('65aa'), hex('41')]);
    expect(joinAccessUnit([hex('65aa'), hex('41')], size)).toEqual(hex(payload));
  });

  it.each<[NalLengthSize, string, number]>([
    [1, 'ff', 255],
    [2, '0102', 0x102],
    [4, '00000102', 0x102],
    [4, '00010203', 0x10203],
    [4, '01000203', 0x1000203],
    [4, '81020304', 0x81020304],
  ])('reads lengths of %d bytes, each byte in its place: %s', (size, length, expected) => {
    expect(nalLengthAt(hex(`ee${length}`), 1, size)).toBe(expected);
  });

  it('counts what a muxer needs to know, anew with each scan', () => {
    const scan = new AccessUnitScan();
    scanAccessUnit(
      hex('00000002 67aa 00000003 09f0f0 00000001 68 00000001 68 00000002 0910 00000004 65000000'),
      4,
      H264_SYNTAX,
      scan,
    );
    expect({ ...scan }).toEqual({
      flags: slice | idr | accessUnitDelimiter | sps | pps,
      nalUnits: 6,
      nalBytes: 13,
      vpsCount: 0,
      spsCount: 1,
      ppsCount: 2,
      delimiterCount: 2,
      delimiterBytes: 5,
      delimiterOffset: 10,
      delimiterSize: 3,
    });
    scanAccessUnit(hex('00000001 41'), 4, H264_SYNTAX, scan);
    expect(scan).toMatchObject({
      flags: slice | predicted,
      nalUnits: 1,
      nalBytes: 1,
      delimiterCount: 0,
      delimiterSize: 0,
    });
  });

  it('takes as many NAL units as the limit and no more', () => {
    const units = (count: number): Buffer => joinAccessUnit(new Array<Buffer>(count).fill(hex('41')), 4);
    expect(classifyAccessUnit(units(MAX_NAL_UNITS), 4, H264_SYNTAX)).toBe(slice | predicted);
    expect(faultOf(() => classifyAccessUnit(units(MAX_NAL_UNITS + 1), 4, H264_SYNTAX))).toBe(
      'nal.access-unit.too-many-nals',
    );
  });

  it('splits what it joined', () => {
    const nalUnit = fc
      .uint8Array({ minLength: 1, maxLength: 200 })
      .map((bytes) => Buffer.from(bytes.fill(bytes[0]! & 0x7f, 0, 1)));
    fc.assert(
      fc.property(fc.array(nalUnit, { maxLength: 20 }), fc.constantFrom<NalLengthSize>(1, 2, 4), (units, size) => {
        expect(splitAccessUnit(joinAccessUnit(units, size), size)).toEqual(units);
      }),
    );
  });

  it('every truncation is refused, but for cuts between NAL units', () => {
    const whole = hex('00000002 09f0 00000003 65aabb 00000001 41');
    const cuts = new Set([0, 6, 13]);
    for (let length = 0; length < whole.length; length++) {
      const fault = faultOf(() => classifyAccessUnit(whole.subarray(0, length), 4, H264_SYNTAX));
      expect(fault === undefined).toBe(cuts.has(length));
    }
  });
});

describe('bad lengths of NAL units', () => {
  it.each<[string, Buffer, string]>([
    ['length 0', hex('00000000'), 'nal-empty'],
    ['length 0 between NAL units', hex('0000000141 00000000 0000000141'), 'nal-empty'],
    ['length above the rest', hex('00000003 65aa'), 'nal-too-long'],
    ['length ffffffff', hex('ffffffff 65aa'), 'nal-too-long'],
    ['less than the payload, with a rest too short for a length', hex('00000001 65 0000'), 'length-cut'],
    [
      '100,000 NAL units of one byte',
      Buffer.concat(new Array<Buffer>(100_000).fill(hex('0000000141'))),
      'too-many-nals',
    ],
    ['Annex B instead of lengths', hex('00000001 6764001f 00000001 68ee 00000001 65'), 'nal-too-long'],
    ['the forbidden bit', hex('00000002 e5aa'), 'forbidden-bit'],
  ])('an access unit with %s is refused', (_name, payload, code) => {
    expect(faultOf(() => classifyAccessUnit(payload, 4, H264_SYNTAX))).toBe(`nal.access-unit.${code}`);
  });

  it('a length of 1 is a NAL unit', () => {
    expect(classifyAccessUnit(hex('00000001 65'), 4, H264_SYNTAX)).toBe(slice | idr);
  });
});

describe('a keyframe by name', () => {
  it.each<[string, string, boolean]>([
    ['a picture flagged as keyframe without an IDR slice', '00000002 41aa', false],
    ['a recovery point SEI before an ordinary picture', '00000003 060601 00000002 41aa', false],
    ['an IDR picture that the container calls an inter frame', '00000002 65aa', true],
  ])('%s counts by its NAL units', (_name, payload, expected) => {
    expect((classifyAccessUnit(hex(payload), 4, H264_SYNTAX) & idr) !== 0).toBe(expected);
  });
});
