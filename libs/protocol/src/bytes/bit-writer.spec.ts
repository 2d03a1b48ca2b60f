import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BitReader, BitWriter } from './index.ts';

describe('BitWriter', () => {
  it.each<[string, (bits: BitWriter) => BitWriter, string]>([
    ['bits, most significant first', (bits) => bits.bits(0b101, 3).bits(0b11111, 5), 'bf'],
    ['32 bits with the top one set', (bits) => bits.bits(0xfedcba98, 32), 'fedcba98'],
    ['a last byte filled with zeros', (bits) => bits.flag(true), '80'],
    ['ue(v) 0 as a single one', (bits) => bits.ue(0), '80'],
    ['ue(v) 4 as 00101', (bits) => bits.ue(4), '28'],
    ['ue(v) 255 in 17 bits', (bits) => bits.ue(255), '008000'],
    ['se(v) -1 as ue(v) 2', (bits) => bits.se(-1), '60'],
    ['se(v) 1 as ue(v) 1', (bits) => bits.se(1), '40'],
    ['alignment between fields', (bits) => bits.bits(1, 1).align().bits(0xab, 8), '80ab'],
  ])('writes %s', (_name, write, expected) => {
    expect(write(new BitWriter()).toBuffer().toString('hex')).toBe(expected);
  });

  it.each([
    [4, 2],
    [-1, 8],
    [1.5, 8],
    [0, 33],
  ])('refuses %d in %d bits', (value, count) => {
    expect(() => new BitWriter().bits(value, count)).toThrow(RangeError);
  });

  it('writes what BitReader reads', () => {
    const field = fc
      .integer({ min: 1, max: 32 })
      .chain((count) => fc.record({ count: fc.constant(count), value: fc.nat(0xffffffff).map((n) => n % 2 ** count) }));
    fc.assert(
      fc.property(fc.array(field), fc.array(fc.integer({ min: -70_000, max: 70_000 })), (fields, numbers) => {
        const bits = new BitWriter();
        for (const { value, count } of fields) bits.bits(value, count);
        for (const number of numbers) bits.se(number).ue(Math.abs(number));
        const reader = new BitReader(bits.toBuffer(), 'test');
        for (const { value, count } of fields) expect(reader.bits(count)).toBe(value);
        for (const number of numbers) {
          expect(reader.se()).toBe(number);
          expect(reader.ue()).toBe(Math.abs(number));
        }
      }),
    );
  });
});
