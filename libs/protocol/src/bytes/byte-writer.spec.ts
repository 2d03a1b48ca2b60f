import { describe, expect, it } from 'vitest';
import { ByteWriter } from './byte-writer.ts';

describe('ByteWriter', () => {
  it.each<[string, (writer: ByteWriter) => ByteWriter, string]>([
    ['u8', (w) => w.u8(0x81), '81'],
    ['u16', (w) => w.u16(0x8182), '8182'],
    ['u24', (w) => w.u24(0x818283), '818283'],
    ['u32', (w) => w.u32(0x81828384), '81828384'],
    ['u32le', (w) => w.u32le(0x81828384), '84838281'],
    ['u64', (w) => w.u64(0x8182838485868788n), '8182838485868788'],
    ['i16', (w) => w.i16(-2), 'fffe'],
    ['i24', (w) => w.i24(-2), 'fffffe'],
    ['i32', (w) => w.i32(-2), 'fffffffe'],
    ['f64', (w) => w.f64(1), '3ff0000000000000'],
    ['write', (w) => w.write(new Uint8Array([1, 2])), '0102'],
    ['utf8', (w) => w.utf8('é'), 'c3a9'],
    ['fill', (w) => w.fill(0xff, 3), 'ffffff'],
  ])('%s writes its bytes', (_name, write, expected) => {
    expect(write(new ByteWriter()).toBuffer().toString('hex')).toBe(expected);
  });

  it('grows, and keeps what was written', () => {
    const writer = new ByteWriter(0);
    for (let i = 0; i < 1000; i++) writer.u16(i);
    const bytes = writer.toBuffer();
    expect(bytes).toHaveLength(2000);
    for (let i = 0; i < 1000; i++) expect(bytes.readUInt16BE(i * 2)).toBe(i);
  });

  it('overwrites lengths that were not known before', () => {
    const writer = new ByteWriter().u32(0).u24(0).u8(7);
    writer.patchU32(0, writer.length).patchU24(4, 5);
    expect(writer.toBuffer().toString('hex')).toBe('0000000800000507');
  });

  it('refuses to overwrite what was not written, and values that do not fit', () => {
    expect(() => new ByteWriter().u24(0).patchU32(0, 1)).toThrow(RangeError);
    expect(() => new ByteWriter().u24(0).patchU24(-1, 1)).toThrow(RangeError);
    expect(() => new ByteWriter().u8(256)).toThrow(RangeError);
    expect(() => new ByteWriter().u32(-1)).toThrow(RangeError);
  });
});
