import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FlvDecoder, readVideoTag } from '../flv/index.ts';
import { hex } from '../testing/hex.ts';
import { faultOf } from '../testing/protocol-fault.ts';
import {
  av1CodecString,
  decodeAv1Configuration,
  decodeAv1SequenceHeader,
  encodeAv1Configuration,
  readTemporalUnit,
  sequenceHeaderOf,
  splitObus,
} from './index.ts';

/** As SVT-AV1 writes it for 960x540: with its own header and size. */
const SEQUENCE = hex('0a0b00000024cf7f0dbfff3008');
const RECORD = hex(`81040c00 ${SEQUENCE.toString('hex')}`);

/** An OBU of a type with a size, of fields: value and number of bits. */
function obu(type: number, ...fields: readonly (readonly [value: number, bits: number])[]): Buffer {
  const bits = fields.map(([value, size]) => value.toString(2).padStart(size, '0')).join('');
  const bytes = (bits.padEnd(Math.ceil(bits.length / 8) * 8, '0').match(/.{8}/g) ?? []).map((byte) =>
    parseInt(byte, 2),
  );
  return Buffer.from([(type << 3) | 2, bytes.length, ...bytes]);
}

describe('sequence header', () => {
  it('is read from an encoder', () => {
    expect(decodeAv1SequenceHeader(SEQUENCE)).toMatchObject({
      profile: 0,
      level: 4,
      tier: 0,
      width: 960,
      height: 540,
      frameRate: undefined,
      bitDepth: 8,
      subsamplingX: 1,
      subsamplingY: 1,
      colourPrimaries: 2,
    });
  });

  it('is read with everything that may come before the colours', () => {
    // Section 5.5.1, written by hand: profile 2, timing of 60,000/1,001, a decoder model, two operating points of level 5.1 in the
    // high tier, frame ids, order hints, 4:2:2 with 12 bits in BT.2020 and PQ.
    const bytes = obu(
      1,
      [2, 3],
      [0, 2],
      ...([
        [1, 1],
        [1_001, 32],
        [60_000, 32],
        [1, 1],
        [1, 1],
      ] as const),
      ...([
        [1, 1],
        [9, 5],
        [1, 32],
        [9, 5],
        [9, 5],
      ] as const),
      ...([
        [1, 1],
        [1, 5],
      ] as const),
      ...([
        [0, 12],
        [13, 5],
        [1, 1],
        [1, 1],
        [5, 10],
        [5, 10],
        [0, 1],
        [1, 1],
        [3, 4],
      ] as const),
      ...([
        [1, 12],
        [5, 5],
        [0, 1],
        [0, 1],
      ] as const),
      ...([
        [11, 4],
        [11, 4],
        [3_839, 12],
        [2_159, 12],
        [1, 1],
        [0, 7],
      ] as const),
      ...([
        [7, 3],
        [15, 4],
        [1, 1],
        [3, 2],
        [0, 1],
        [1, 1],
        [0, 1],
        [1, 1],
        [6, 3],
        [7, 3],
      ] as const),
      ...([
        [1, 1],
        [1, 1],
        [0, 1],
        [1, 1],
        [9, 8],
        [16, 8],
        [9, 8],
        [0, 1],
        [1, 1],
        [0, 1],
      ] as const),
    );
    expect(decodeAv1SequenceHeader(bytes)).toMatchObject({
      profile: 2,
      level: 13,
      tier: 1,
      width: 3_840,
      height: 2_160,
      frameRate: 60_000 / 1_001,
      bitDepth: 12,
      monochrome: false,
      colourPrimaries: 9,
      transferCharacteristics: 16,
      subsamplingX: 1,
      subsamplingY: 0,
    });
    expect(av1CodecString(decodeAv1Configuration(encodeAv1Configuration(bytes)))).toBe('av01.2.13H.12');
  });

  it('may be the short one of a still picture, without colours or with sRGB', () => {
    const size = [
      [3, 3],
      [1, 1],
      [1, 1],
      [2, 5],
      [7, 4],
      [7, 4],
      [159, 8],
      [89, 8],
      [0, 3],
      [0, 3],
    ] as const;
    const grey = obu(1, [0, 3], ...size.slice(1), [0, 1], [1, 1], [0, 1], [1, 1]);
    expect(decodeAv1SequenceHeader(grey)).toMatchObject({ width: 160, height: 90, monochrome: true, fullRange: true });
    const srgb = obu(1, [1, 3], ...size.slice(1), [0, 1], [1, 1], [1, 8], [13, 8], [0, 8]);
    expect(decodeAv1SequenceHeader(srgb)).toMatchObject({ profile: 1, subsamplingX: 0, fullRange: true });
    expect(faultOf(() => decodeAv1SequenceHeader(obu(1, ...size)))).toBe('av1.profile');
  });
});

describe('configuration record', () => {
  it('is read, named and written', () => {
    const configuration = decodeAv1Configuration(RECORD);
    expect(configuration).toMatchObject({ profile: 0, level: 4, tier: 0, bitDepth: 8, sequence: { width: 960 } });
    expect(av1CodecString(configuration)).toBe('av01.0.04M.08');
    expect(sequenceHeaderOf(RECORD)).toEqual(SEQUENCE);
    expect(encodeAv1Configuration(SEQUENCE)).toEqual(RECORD);
    expect(decodeAv1Configuration(RECORD.subarray(0, 4)).sequence).toBeUndefined();
    expect(av1CodecString(decodeAv1Configuration(hex('812de000')))).toBe('av01.1.13H.12');
  });

  it.each<[string, Buffer, string]>([
    ['another version', hex('82040c00'), 'av1.config.version'],
    ['too many bytes', Buffer.concat([RECORD, Buffer.alloc(5_000)]), 'av1.config.too-long'],
    ['nothing', hex(''), 'ended-early'],
    ['a sequence header that is cut', RECORD.subarray(0, -1), 'ended-early'],
    ['a size above 32 bits', hex('81040c00 0affffffffff7f'), 'av1.leb128'],
    ['too many units', Buffer.concat([hex('81040c00'), Buffer.alloc(4_000, hex('1200'))]), 'av1.obu.too-many'],
  ])('refuses %s', (_name, bytes, code) => {
    expect(faultOf(() => decodeAv1Configuration(bytes))).toBe(code);
  });
});

describe('temporal unit', () => {
  const delimiter = hex('1200');
  const keyframe = hex('3202 1000');
  const inter = hex('3202 3000');

  it.each<[string, Buffer[], boolean, object]>([
    [
      'a keyframe behind a sequence header',
      [delimiter, SEQUENCE, keyframe],
      false,
      { keyframe: true, delimiterBytes: 2 },
    ],
    ['a keyframe without one', [keyframe], false, { keyframe: false, hasFrame: true, delimiterBytes: 0 }],
    ['a keyframe whose sequence header came before', [keyframe], true, { keyframe: true }],
    ['a keyframe that is not shown', [SEQUENCE, hex('3202 0000')], true, { keyframe: false, hasFrame: true }],
    ['another frame', [inter], true, { keyframe: false, hasFrame: true, sequenceHeader: undefined }],
    ['a frame that was decoded before', [hex('1a01 80')], true, { keyframe: false, hasFrame: true }],
    ['a keyframe behind another frame', [inter, keyframe], true, { keyframe: false }],
    ['metadata alone', [hex('2a02 0400')], true, { hasFrame: false }],
    ['a frame without a size', [SEQUENCE, hex('30 1000')], false, { keyframe: true }],
    ['a frame with an extension', [SEQUENCE, hex('3608 02 1000')], false, { keyframe: true }],
  ])('%s', (_name, obus, hasSequenceHeader, expected) => {
    expect(readTemporalUnit(Buffer.concat(obus), hasSequenceHeader)).toMatchObject(expected);
  });

  it.each<[string, string, string]>([
    ['the forbidden bit', '92 00', 'av1.obu.forbidden-bit'],
    ['a size beyond the end', '3205 1000', 'ended-early'],
    ['a frame without a header', '3200', 'ended-early'],
  ])('refuses %s', (_name, bytes, code) => {
    expect(faultOf(() => readTemporalUnit(hex(bytes)))).toBe(code);
  });

  it('agrees with what the encoder of footage says', () => {
    const flv = readFileSync(new URL('../../../../media/bbb-av1-opus-enhanced.flv', import.meta.url));
    let units = 0;
    for (const { type, data } of new FlvDecoder().push(flv)) {
      if (type !== 9) continue;
      const tag = readVideoTag(data);
      if (tag.packetType !== 1) continue;
      const unit = readTemporalUnit(data.subarray(tag.dataOffset));
      expect(unit).toMatchObject({ hasFrame: true, keyframe: tag.frameType === 1 });
      units++;
    }
    expect(units).toBe(233);
  });

  it('never fails but with a typed error, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        faultOf(() => readTemporalUnit(bytes));
        faultOf(() => splitObus(bytes));
        faultOf(() => decodeAv1SequenceHeader(Buffer.concat([hex('08'), bytes])));
        faultOf(() => decodeAv1Configuration(Buffer.concat([hex('81'), bytes])));
      }),
    );
  });
});
