import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { faultOf } from '../testing/protocol-fault.ts';
import { BitReader } from './bit-reader.ts';

/** Bits as text, spaces for the reader, filled up with zeros to whole bytes. */
function bits(text: string): Buffer {
  const digits = text.replace(/\s+/g, '');
  const padded = digits.padEnd(Math.ceil(digits.length / 8) * 8, '0');
  return Buffer.from((padded.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
}

describe('BitReader', () => {
  it('reads fields across byte borders, up to 32 bits', () => {
    const reader = new BitReader(bits('101 00001111 1 11111111111111111111111111111110'), 'test');
    expect([reader.bits(3), reader.bits(8), reader.flag(), reader.bits(32)]).toEqual([5, 15, true, 0xfffffffe]);
    expect(reader.position).toBe(44);
    expect(reader.remaining).toBe(4);
  });

  it('reads nothing as zero and aligns to bytes', () => {
    const reader = new BitReader(bits('1 0000000 11111111'), 'test');
    expect(reader.bits(0)).toBe(0);
    reader.align();
    expect(reader.position).toBe(0);
    reader.skip(1);
    reader.align();
    expect(reader.bits(8)).toBe(255);
  });

  // ITU-T H.264 table 9-2 and table 9-3.
  it.each([
    ['1', 0, 0],
    ['010', 1, 1],
    ['011', 2, -1],
    ['00100', 3, 2],
    ['00101', 4, -2],
    ['00110', 5, 3],
    ['00111', 6, -3],
    ['0001000', 7, 4],
    ['0000 0000 0000 0000 0000 0000 0000 0001 0000 0000 0000 0000 0000 0000 0000 000', 2 ** 31 - 1, 2 ** 30],
  ])('reads the Exp-Golomb code %s as %d and %d', (code, ue, se) => {
    expect(new BitReader(bits(code), 'test').ue()).toBe(ue);
    expect(new BitReader(bits(code), 'test').se()).toBe(se);
  });

  it('refuses an Exp-Golomb code of more than 32 leading zeros without reading on', () => {
    const reader = new BitReader(Buffer.alloc(1_000_000), 'test');
    expect(faultOf(() => reader.ue())).toBe('exp-golomb.too-long');
    expect(reader.position).toBeLessThan(40);
  });

  it('holds Exp-Golomb values to a given maximum', () => {
    expect(new BitReader(bits('00111'), 'test').ue(6)).toBe(6);
    expect(faultOf(() => new BitReader(bits('00111'), 'test').ue(5))).toBe('exp-golomb.out-of-range');
    expect(new BitReader(bits('00111'), 'test').se(3)).toBe(-3);
    expect(faultOf(() => new BitReader(bits('00111'), 'test').se(2))).toBe('exp-golomb.out-of-range');
  });

  it('ends early where the bits do', () => {
    const short = (): BitReader => new BitReader(Buffer.of(0), 'test');
    expect(faultOf(() => short().bits(9))).toBe('ended-early');
    expect(faultOf(() => short().skip(9))).toBe('ended-early');
    expect(faultOf(() => short().ue())).toBe('ended-early');
    expect(() => short().bits(33)).toThrow(RangeError);
  });

  it('reads what a text of binary digits says, however it is cut into fields', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.array(fc.integer({ min: 0, max: 32 })), (bytes, widths) => {
        const digits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
        const reader = new BitReader(bytes, 'test');
        for (const width of widths) {
          if (width > reader.remaining) break;
          const at = reader.position;
          expect(reader.bits(width)).toBe(width === 0 ? 0 : Number.parseInt(digits.slice(at, at + width), 2));
        }
      }),
    );
  });
});
