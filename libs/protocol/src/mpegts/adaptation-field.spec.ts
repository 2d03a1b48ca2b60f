import { describe, expect, it } from 'vitest';
import { ByteReader } from '../bytes/index.ts';
import { hex } from '../testing/hex.ts';
import { faultOf } from '../testing/protocol-fault.ts';
import { AdaptationFlag, decodeAdaptationField, pcrBase90k, writeAdaptationField } from './testing/index.ts';

/** ISO/IEC 13818-1 section 2.4.3.4: size, flags and PCR base, as bytes. */
const CASES: readonly [string, number, number, number | undefined, string][] = [
  ['length 0: one byte of stuffing', 1, 0, undefined, '00'],
  ['flags only', 2, 0x40, undefined, '0140'],
  ['flags and stuffing', 5, 0, undefined, '0400ffffff'],
  ['PCR', 8, 0x10, 90_000, '0710 0000afc87e00'],
  ['PCR of an entry point after a discontinuity', 8, 0xd0, 1, '07d0 00000000fe00'],
  ['PCR and stuffing', 10, 0x50, 0, '0950 000000007e00 ffff'],
  ['a whole packet', 184, 0x10, 2, `b710 000000017e00 ${'ff'.repeat(176)}`],
];

describe('adaptation field', () => {
  it.each(CASES)('%s is written', (_name, size, flags, base, expected) => {
    const bytes = Buffer.alloc(size, 0xaa);
    writeAdaptationField(bytes, 0, size, flags, base ?? 0);
    expect(bytes).toEqual(hex(expected));
  });

  it.each(CASES)('%s is read', (_name, size, flags, base, bytes) => {
    const reader = new ByteReader(Buffer.concat([hex(bytes), hex('c0ffee')]), 'test');
    const field = decodeAdaptationField(reader);
    expect(field).toEqual({ flags, pcr: base === undefined ? undefined : base * 300, length: size - 1 });
    if (field.pcr !== undefined) expect(pcrBase90k(field.pcr)).toBe(base);
    expect(reader.rest()).toEqual(hex('c0ffee'));
  });

  it('with fields that are not of interest is passed over', () => {
    const reader = new ByteReader(hex('0a0f 000000007e00 05 0102'), 'test');
    expect(decodeAdaptationField(reader)).toEqual({ flags: 0x0f, pcr: undefined, length: 10 });
    expect(
      AdaptationFlag.opcr | AdaptationFlag.splicingPoint | AdaptationFlag.privateData | AdaptationFlag.extension,
    ).toBe(0x0f);
    expect(reader.remaining).toBe(0);
  });

  it.each<[string, string, string]>([
    ['longer than the packet', '0540', 'mpegts.adaptation.length'],
    ['with a PCR that does not fit', '0310 0000', 'ended-early'],
    ['missing', '', 'ended-early'],
  ])('%s is refused', (_name, bytes, code) => {
    expect(faultOf(() => decodeAdaptationField(new ByteReader(hex(bytes), 'test')))).toBe(code);
  });
});
