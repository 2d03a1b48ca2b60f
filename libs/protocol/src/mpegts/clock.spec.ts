import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteReader } from '../bytes/index.ts';
import { hex } from '../testing/hex.ts';
import { faultOf } from '../testing/protocol-fault.ts';
import {
  readPcr,
  readTimestamp,
  TIMESTAMP_MODULUS,
  TimestampPrefix,
  unwrapTimestamp,
  wrapTimestamp,
  writePcr,
  writeTimestamp,
} from './testing/index.ts';

/** ISO/IEC 13818-1 section 2.4.3.7: 33 bits in 3, 15 and 15, each followed by a marker bit. */
const TIMESTAMPS: readonly [string, number, number, string][] = [
  ['0', TimestampPrefix.ptsOnly, 0, '21 0001 0001'],
  ['1', TimestampPrefix.ptsOnly, 1, '21 0001 0003'],
  ['one second', TimestampPrefix.ptsBeforeDts, 90_000, '31 0005 bf21'],
  ['2^15', TimestampPrefix.dts, 32_768, '11 0003 0001'],
  ['2^32', TimestampPrefix.ptsOnly, 2 ** 32, '29 0001 0001'],
  ['the last one', TimestampPrefix.ptsOnly, 2 ** 33 - 1, '2f ffff ffff'],
];

describe('timestamp', () => {
  it.each(TIMESTAMPS)('%s is written', (_name, prefix, value, expected) => {
    const bytes = Buffer.alloc(5);
    writeTimestamp(bytes, 0, prefix, value);
    expect(bytes).toEqual(hex(expected));
  });

  it.each(TIMESTAMPS)('%s is read', (_name, prefix, value, bytes) => {
    expect(readTimestamp(new ByteReader(hex(bytes), 'test'), prefix)).toBe(value);
  });

  it.each<[string, string]>([
    ['another prefix', '31 0001 0001'],
    ['the first marker missing', '20 0001 0001'],
    ['the second marker missing', '21 0000 0001'],
    ['the third marker missing', '21 0001 0000'],
  ])('with %s is refused', (_name, bytes) => {
    const reader = new ByteReader(hex(bytes), 'test');
    expect(faultOf(() => readTimestamp(reader, TimestampPrefix.ptsOnly))).toBe('mpegts.pes.timestamp');
  });

  it.each([
    [0, 0],
    [-1, 2 ** 33 - 1],
    [2 ** 33, 0],
    [2 ** 33 * 5 + 7, 7],
    [-(2 ** 33) - 2, 2 ** 33 - 2],
  ])('of %d ticks goes into a stream as %d', (ticks, wrapped) => {
    expect(wrapTimestamp(ticks)).toBe(wrapped);
  });

  it('of any time within half a turn of a reference is found again', () => {
    const time = fc.integer({ min: -(2 ** 40), max: 2 ** 50 });
    fc.assert(
      fc.property(time, fc.integer({ min: -(2 ** 32) + 1, max: 2 ** 32 - 1 }), (reference, distance) => {
        const ticks = reference + distance;
        expect(unwrapTimestamp(wrapTimestamp(ticks), reference)).toBe(ticks);
        const bytes = Buffer.alloc(5);
        writeTimestamp(bytes, 0, 2, wrapTimestamp(ticks));
        expect(readTimestamp(new ByteReader(bytes, 'test'), 2)).toBe(wrapTimestamp(ticks));
      }),
    );
  });
});

/** ISO/IEC 13818-1 section 2.4.3.5: 33 bits of base, 6 reserved, 9 of extension. */
describe('program clock reference', () => {
  it.each<[string, number, string]>([
    ['0', 0, '00000000 7e00'],
    ['1', 1, '00000000 fe00'],
    ['one second', 90_000, '0000afc8 7e00'],
    ['the last one', TIMESTAMP_MODULUS - 1, 'ffffffff fe00'],
  ])('%s is written and read', (_name, base, expected) => {
    const bytes = Buffer.alloc(6);
    writePcr(bytes, 0, base);
    expect(bytes).toEqual(hex(expected));
    expect(readPcr(new ByteReader(bytes, 'test'))).toBe(base * 300);
  });

  it('is read with its extension', () => {
    expect(readPcr(new ByteReader(hex('00000000 7f2b'), 'test'))).toBe(299);
  });
});
