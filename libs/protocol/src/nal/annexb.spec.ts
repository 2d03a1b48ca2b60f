import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hex } from '../testing/hex.ts';
import { joinAnnexB, splitAnnexB } from './index.ts';

describe('byte stream', () => {
  it.each<[string, string, string[]]>([
    ['four-byte start codes', '0000000109f0 00000001 65aabb', ['09f0', '65aabb']],
    ['three-byte start codes', '00000167 000001 68', ['67', '68']],
    ['trailing zeros', '000001 6500 000000 000001 41', ['65', '41']],
    ['zeros before the first code', '0000000000 000001 09f0', ['09f0']],
    ['bytes before the first code, which belong to nothing', 'ffee 000001 09f0', ['09f0']],
    ['codes with nothing between them', '000001 000001 000001 65', ['65']],
    ['no code', '00000000', []],
    ['nothing', '', []],
    ['a code at the very end', '000001 65 000001', ['65']],
    ['ones that are no code', '000001 6501010001', ['6501010001']],
  ])('splits %s', (_name, stream, expected) => {
    expect(splitAnnexB(hex(stream)).map((unit) => unit.toString('hex'))).toEqual(expected);
  });

  it('joins with four-byte start codes', () => {
    expect(joinAnnexB([hex('09f0'), hex('65')]).toString('hex')).toBe('0000000109f00000000165');
  });

  it('splits what it joined', () => {
    const nalUnit = fc
      .uint8Array({ minLength: 1, maxLength: 40 })
      .map((bytes) => Buffer.from(bytes.map((byte) => byte | 1)));
    fc.assert(
      fc.property(fc.array(nalUnit), (units) => {
        expect(splitAnnexB(joinAnnexB(units))).toEqual(units);
      }),
    );
  });
});
