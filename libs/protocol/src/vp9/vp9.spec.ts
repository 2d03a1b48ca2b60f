import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FlvDecoder, readVideoTag } from '../flv/index.ts';
import { hex } from '../testing/hex.ts';
import { faultOf } from '../testing/protocol-fault.ts';
import {
  decodeVp9Configuration,
  decodeVp9FrameHeader,
  encodeVp9Configuration,
  encodeVp9Record,
  vp9CodecString,
  vp9ConfigurationOf,
} from './index.ts';

/** Section 6.2 written by hand: fields and their number of bits. */
const frame = (...fields: readonly (readonly [value: number, bits: number])[]): Buffer => {
  const bits = fields.map(([value, size]) => value.toString(2).padStart(size, '0')).join('');
  return Buffer.from((bits.padEnd(96, '0').match(/.{8}/g) ?? []).map((byte) => parseInt(byte, 2)));
};
const SYNC = [0x498342, 24] as const;
const SIZE = [
  [319, 16],
  [179, 16],
] as const;

describe('frame header', () => {
  it.each<[string, Buffer, object]>([
    [
      'profile 0',
      hex('8249834200 13f00b36'),
      { profile: 0, keyframe: { bitDepth: 8, chroma: 1, fullRange: false, width: 320, height: 180 } },
    ],
    [
      'profile 1, 4:4:4, full range',
      frame([2, 2], [1, 1], [0, 1], [0, 1], [0, 1], [1, 1], [0, 1], SYNC, [2, 3], [1, 1], [0, 2], [0, 1], ...SIZE),
      { profile: 1, keyframe: { bitDepth: 8, chroma: 3, fullRange: true, width: 320 } },
    ],
    [
      'profile 3, 12 bits, 4:2:2',
      frame([2, 2], [3, 2], [0, 1], [0, 2], [1, 1], [0, 1], SYNC, [1, 1], [2, 3], [0, 1], [2, 2], [0, 1], ...SIZE),
      { profile: 3, keyframe: { bitDepth: 12, chroma: 2, width: 320, height: 180 } },
    ],
    [
      'profile 2, 10 bits',
      frame([2, 2], [0, 1], [1, 1], [0, 1], [0, 1], [1, 1], [0, 1], SYNC, [0, 1], [5, 3], [0, 1], ...SIZE),
      { profile: 2, keyframe: { bitDepth: 10, chroma: 1, width: 320 } },
    ],
    [
      'profile 1, sRGB',
      frame([2, 2], [1, 1], [0, 1], [0, 1], [0, 1], [1, 1], [0, 1], SYNC, [7, 3], [0, 1], ...SIZE),
      { profile: 1, keyframe: { chroma: 3, fullRange: true, width: 320 } },
    ],
    ['a picture that depends on others', hex('8600'), { profile: 0, keyframe: undefined }],
    ['one that was decoded before', hex('8a'), { profile: 0, keyframe: undefined }],
  ])('%s', (_name, bytes, expected) => {
    expect(decodeVp9FrameHeader(bytes)).toMatchObject(expected);
  });

  it.each<[string, string, string]>([
    ['another marker', '4249834200', 'vp9.marker'],
    ['a reserved profile', 'b8', 'vp9.profile'],
    ['a keyframe without its sync code', '82498343001300', 'vp9.sync-code'],
    ['nothing', '', 'ended-early'],
    ['an end before the size', '82498342001300', 'ended-early'],
  ])('refuses %s', (_name, bytes, code) => {
    expect(faultOf(() => decodeVp9FrameHeader(hex(bytes)))).toBe(code);
  });

  it('agrees with what the encoder of footage says', () => {
    const flv = readFileSync(new URL('../../../../media/bbb-vp9-enhanced.flv', import.meta.url));
    let frames = 0;
    for (const { type, data } of new FlvDecoder().push(flv)) {
      if (type !== 9) continue;
      const tag = readVideoTag(data);
      if (tag.packetType !== 1) continue;
      const { keyframe } = decodeVp9FrameHeader(data.subarray(tag.dataOffset));
      expect(keyframe !== undefined).toBe(tag.frameType === 1);
      if (keyframe !== undefined) expect(keyframe).toMatchObject({ width: 320, height: 180 });
      frames++;
    }
    expect(frames).toBe(88);
  });
});

describe('configuration record', () => {
  const RECORD = '00 0b 82 02 02 02 0000';

  it.each([
    ['as the binding has it', RECORD],
    ['with the version and flags of its box', `01000000 ${RECORD}`],
  ])('is read %s', (_name, bytes) => {
    const configuration = decodeVp9Configuration(hex(bytes));
    expect(configuration).toMatchObject({ profile: 0, level: 11, bitDepth: 8, chroma: 1, size: undefined });
    expect(vp9CodecString(configuration)).toBe('vp09.00.11.08');
    expect(encodeVp9Record(configuration)).toEqual(hex(RECORD));
  });

  it('has the size behind it that a keyframe told', () => {
    const { keyframe } = decodeVp9FrameHeader(hex('8249834200 13f00b36'));
    const configuration = vp9ConfigurationOf(0, keyframe!, decodeVp9Configuration(hex(RECORD)));
    const written = encodeVp9Configuration(configuration);
    expect(written).toEqual(hex(`${RECORD} 0140 00b4`));
    expect(decodeVp9Configuration(written)).toEqual(configuration);
    expect(encodeVp9Record(configuration)).toEqual(hex(RECORD));
  });

  it('is made of a keyframe alone', () => {
    const { keyframe } = decodeVp9FrameHeader(hex('8249834200 13f00b36'));
    expect(vp9CodecString(vp9ConfigurationOf(0, keyframe!, undefined))).toBe('vp09.00.10.08');
  });

  it.each<[string, string, string]>([
    ['an unknown depth', '00 0b 92 02 02 02 0000', 'vp9.config.format'],
    ['an unknown profile', '04 0b 82 02 02 02 0000', 'vp9.config.format'],
    ['more data than there is', '00 0b 82 02 02 02 00ff', 'ended-early'],
    ['half a record', '00 0b 82', 'ended-early'],
  ])('refuses %s', (_name, bytes, code) => {
    expect(faultOf(() => decodeVp9Configuration(hex(bytes)))).toBe(code);
  });

  it('never fails but with a typed error, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        faultOf(() => decodeVp9FrameHeader(Buffer.concat([hex('82'), bytes])));
        faultOf(() => encodeVp9Configuration(decodeVp9Configuration(bytes)));
      }),
    );
  });
});
