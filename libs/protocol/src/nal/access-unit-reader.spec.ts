import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { H264_SYNTAX } from '../h264/index.ts';
import { hex } from '../testing/hex.ts';
import { AccessUnitFlag, AccessUnitReader, classifyAccessUnit, joinAccessUnit, joinAnnexB } from './index.ts';
import type { NalLengthSize } from './index.ts';

const DELIMITER = hex('09f0');
const FIRST = hex('6588 112233');
const NEXT = hex('6544 112233');
const LONG = Buffer.concat([hex('6588'), Buffer.alloc(300, 0x77)]);
const { slice, idr, accessUnitDelimiter } = AccessUnitFlag;

const read = (payload: Buffer, size: NalLengthSize = 4) => {
  const reader = new AccessUnitReader(H264_SYNTAX, size);
  return { unit: reader.read(payload), reader };
};

describe('AccessUnitReader', () => {
  it.each([1, 2, 3, 4] as const)('gives an ordinary access unit with lengths of %d back as it is', (size) => {
    const payload = joinAccessUnit([DELIMITER, FIRST], size);
    const { unit, reader } = read(payload, size);
    expect(unit).toBe(payload);
    expect([reader.flags, reader.beginsPicture, reader.lengthSize]).toEqual([
      slice | idr | accessUnitDelimiter,
      true,
      size,
    ]);
  });

  it('tells the first slice of a picture from the others', () => {
    expect(read(joinAccessUnit([FIRST, NEXT], 4)).reader.beginsPicture).toBe(true);
    expect(read(joinAccessUnit([NEXT], 4)).reader.beginsPicture).toBe(false);
    expect(read(joinAccessUnit([DELIMITER], 4)).reader.beginsPicture).toBe(false);
  });

  it.each([
    ['four bytes', joinAnnexB([DELIMITER, FIRST, NEXT])],
    ['three bytes', Buffer.concat([DELIMITER, FIRST, NEXT].flatMap((unit) => [hex('000001'), unit]))],
    [
      'three bytes, which might be a length',
      Buffer.concat([hex('000001'), DELIMITER, hex('000001'), FIRST, hex('000001'), NEXT]),
    ],
    [
      'any number of bytes',
      Buffer.concat([hex('0000000000 01'), DELIMITER, hex('000001'), FIRST, hex('0000000001'), NEXT]),
    ],
  ])('makes lengths of start codes of %s', (_, payload) => {
    expect(read(payload).unit).toEqual(joinAccessUnit([DELIMITER, FIRST, NEXT], 4));
  });

  it('makes longer lengths where the NAL units of a byte stream do not fit', () => {
    const { unit, reader } = read(joinAnnexB([LONG]), 1);
    expect([unit, reader.lengthSize]).toEqual([joinAccessUnit([LONG], 4), 4]);
  });

  it('takes out what decoders pass over', () => {
    const good = joinAccessUnit([FIRST], 4);
    for (const payload of [
      Buffer.concat([hex('00000000'), good]),
      Buffer.concat([good, hex('00000000')]),
      Buffer.concat([good, hex('ff')]),
      Buffer.concat([good, Buffer.alloc(100)]),
      Buffer.concat([good, hex('00000002 8500')]),
    ])
      expect(read(payload).unit, payload.toString('hex')).toEqual(good);
    // A length of 302 begins as a start code does.
    const long = joinAccessUnit([LONG], 4);
    expect(read(Buffer.concat([long, hex('ff')])).unit).toEqual(long);
  });

  it('finds the size of lengths out', () => {
    const two = joinAccessUnit([FIRST, NEXT], 2);
    const { unit, reader } = read(two);
    expect([unit, reader.lengthSize]).toEqual([two, 2]);
    reader.lengthSize = 4;
    expect(reader.read(joinAccessUnit([FIRST], 4))).toBeDefined();
  });

  it.each(['00000009 6588', 'ffffffff 6588', '000003', '00000001', '5a5a5a5a5a5a5a'])('makes nothing of %s', (text) => {
    expect(read(hex(text)).unit).toBeUndefined();
  });

  it('gives access units that say what was read, whatever comes', () => {
    const sizes = fc.constantFrom(1, 2, 3, 4) as fc.Arbitrary<NalLengthSize>;
    const nalUnits = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 5 });
    const payloads = fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      nalUnits.map((units) => joinAnnexB(units)),
      nalUnits.map((units) => joinAccessUnit(units, 4)),
    );
    fc.assert(
      fc.property(payloads, sizes, (payload, size) => {
        const { unit, reader } = read(Buffer.from(payload), size);
        if (unit !== undefined) expect(classifyAccessUnit(unit, reader.lengthSize, H264_SYNTAX)).toBe(reader.flags);
      }),
      { numRuns: 1_000 },
    );
  });
});
