import { expect, it } from 'vitest';
import { hex } from '../testing/hex.ts';
import { encodeId3Text } from './text-tag.ts';

it('writes a tag with one TXXX frame in UTF-8', () => {
  // By hand: header, size 10 + 6; TXXX, size 6; UTF-8, "a", zero, "ü1".
  expect(encodeId3Text('a', 'ü1')).toEqual(hex('494433 0400 00 00000010 54585858 00000006 0000 03 61 00 c3bc 31'));
});

it('writes sizes with seven bits a byte', () => {
  const tag = encodeId3Text('a', 'x'.repeat(200));
  // 213 is 1 and 85, 203 is 1 and 75 in sevens of bits.
  expect(tag.subarray(6, 10)).toEqual(hex('00000155'));
  expect(tag.subarray(14, 18)).toEqual(hex('0000014b'));
});

it('lets no description end early', () => {
  expect(encodeId3Text('a\0b', '')).toEqual(encodeId3Text('ab', ''));
});
