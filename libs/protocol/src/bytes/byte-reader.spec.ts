import { describe, expect, it } from 'vitest';
import { faultOf } from '../testing/protocol-fault.ts';
import { ByteReader } from './byte-reader.ts';

const bytes = Buffer.from('8182838485868788', 'hex');

/** Each way of reading, how many bytes it takes, and what it makes of 81 82 83 … */
const readings: readonly [name: string, size: number, read: (reader: ByteReader) => unknown, value: unknown][] = [
  ['peekU8', 1, (r) => r.peekU8(), 0x81],
  ['u8', 1, (r) => r.u8(), 0x81],
  ['u16', 2, (r) => r.u16(), 0x8182],
  ['u24', 3, (r) => r.u24(), 0x818283],
  ['u32', 4, (r) => r.u32(), 0x81828384],
  ['u32le', 4, (r) => r.u32le(), 0x84838281],
  ['u64', 8, (r) => r.u64(), 0x8182838485868788n],
  ['i8', 1, (r) => r.i8(), -127],
  ['i16', 2, (r) => r.i16(), -32382],
  ['i24', 3, (r) => r.i24(), -8289661],
  ['i32', 4, (r) => r.i32(), -2122153084],
  ['f64', 8, (r) => r.f64(), bytes.readDoubleBE()],
  ['take', 3, (r) => r.take(3).toString('hex'), '818283'],
  ['latin1', 2, (r) => r.latin1(2), '\x81\x82'],
  ['utf8', 2, (r) => r.utf8(2), '\ufffd\ufffd'],
  ['skip', 5, (r) => r.skip(5), undefined],
  ['sub', 4, (r) => r.sub(4).u32(), 0x81828384],
];

describe('ByteReader', () => {
  it.each(readings)('%s reads its bytes', (name, size, read, value) => {
    const reader = new ByteReader(bytes, 'test');
    expect(read(reader)).toEqual(value);
    expect(reader.offset).toBe(name === 'peekU8' ? 0 : size);
  });

  it.each(readings)('%s ends early at every truncation, and stays where it was', (_name, size, read) => {
    for (let length = 0; length < size; length++) {
      const reader = new ByteReader(bytes.subarray(0, length), 'test/field');
      expect(faultOf(() => read(reader))).toBe('ended-early');
      expect(reader.offset).toBe(0);
    }
  });

  it('names the place, what it needs and what it has', () => {
    const reader = new ByteReader(bytes, 'test/field', 6);
    expect(() => reader.u32()).toThrow('ended-early at test/field: needs 4 more bytes at offset 6, has 2');
  });

  it('keeps to its window', () => {
    const reader = new ByteReader(bytes, 'test', 2, 4);
    expect(reader.rest().toString('hex')).toBe('8384');
    expect(reader.remaining).toBe(0);
    expect(faultOf(() => reader.u8())).toBe('ended-early');
    expect(() => new ByteReader(bytes, 'test', 5, 4)).toThrow(RangeError);
    expect(() => new ByteReader(bytes, 'test', 0, 9)).toThrow(RangeError);
  });

  it('confines a sub-reader, which leaves the outer one behind its end', () => {
    const outer = new ByteReader(bytes, 'outer');
    const inner = outer.sub(3, 'outer/inner');
    expect(inner.u16()).toBe(0x8182);
    expect(() => inner.u16()).toThrow('outer/inner');
    expect(outer.u8()).toBe(0x84);
  });

  it('reads a plain Uint8Array, and gives views instead of copies', () => {
    const plain = new Uint8Array([1, 2, 3]);
    const view = new ByteReader(plain, 'test').take(2);
    plain[0] = 9;
    expect(view[0]).toBe(9);
  });

  it('refuses a negative count', () => {
    expect(() => new ByteReader(bytes, 'test', 4).skip(-5)).toThrow(RangeError);
  });
});
