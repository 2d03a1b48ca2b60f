import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteReader, ByteWriter } from '../bytes/index.ts';
import { amfValue } from '../testing/amf-arbitrary.ts';
import { record } from '../testing/amf-record.ts';
import { hex } from '../testing/hex.ts';
import { faultOf } from '../testing/protocol-fault.ts';
import {
  AmfBytes,
  AmfDate,
  AmfDictionary,
  AmfEcmaArray,
  AmfTypedObject,
  AmfVector,
  AmfXml,
  decodeAmf3,
  encodeAmf3,
} from './index.ts';
import type { AmfValue } from './index.ts';
import { decodeU29, encodeU29 } from './u29.ts';

/** Written by hand from the sections of the specification; each is read and written. */
const elements: readonly [name: string, bytes: string, value: AmfValue][] = [
  ['3.2 undefined', '00', undefined],
  ['3.3 null', '01', null],
  ['3.4 false', '02', false],
  ['3.5 true', '03', true],
  ['3.6 integer', '04 05', 5],
  ['3.6 integer, least', '04 c0808000', -0x10000000],
  ['3.6 integer, greatest', '04 bfffffff', 0x0fffffff],
  ['3.6 integer -1', '04 ffffffff', -1],
  ['3.7 double', '05 3ff8000000000000', 1.5],
  ['3.7 double for an integer of 30 bits', '05 41b0000000000000', 0x10000000],
  ['3.7 double -0', '05 8000000000000000', -0],
  ['3.8 string', '06 07 61c3a9', 'aé'],
  ['3.8 string, empty', '06 01', ''],
  ['3.9 XML document', '07 09 3c612f3e', new AmfXml('<a/>')],
  ['3.10 date', '08 01 427674d3f33dc000', new AmfDate(1543189246940)],
  ['3.11 array, dense', '09 05 01 04 01 02', [1, false]],
  ['3.11 array with names', '09 03 03 61 03 01 04 01', new AmfEcmaArray(record({ a: true }), [1])],
  ['3.12 anonymous object', '0a 0b 01 03 61 04 01 01', record({ a: 1 })],
  ['3.12 typed object', '0a 0b 05 4f6e 03 61 04 01 01', new AmfTypedObject('On', record({ a: 1 }))],
  ['3.13 XML', '0b 09 3c612f3e', new AmfXml('<a/>', true)],
  ['3.14 byte array', '0c 05 0102', new AmfBytes(hex('0102'))],
  ['3.15 vector of int', '0d 03 01 ffffffff', new AmfVector('int', [-1], true)],
  ['3.15 vector of uint', '0e 03 00 ffffffff', new AmfVector('uint', [0xffffffff])],
  ['3.15 vector of double', '0f 03 00 3ff8000000000000', new AmfVector('double', [1.5])],
  ['3.15 vector of objects', '10 05 00 01 01 03', new AmfVector('object', [null, true])],
  ['3.16 dictionary', '11 03 01 04 01 06 03 61', new AmfDictionary([[1, 'a']], true)],
];

describe('AMF3', () => {
  it.each(elements)('%s is read', (_name, bytes, value) => {
    expect(decodeAmf3(hex(bytes))).toEqual(value);
  });

  it.each(elements)('%s is written', (_name, bytes, value) => {
    expect(encodeAmf3(value).toString('hex')).toBe(hex(bytes).toString('hex'));
  });

  it.each(elements)('%s fails cleanly at every truncation', (_name, bytes) => {
    const whole = hex(bytes);
    for (let length = 0; length < whole.length; length++) {
      expect(faultOf(() => decodeAmf3(whole.subarray(0, length)))).toBe('ended-early');
    }
  });

  // Section 1.3.1.
  it.each([
    [0, '00'],
    [0x7f, '7f'],
    [0x80, '8100'],
    [0x3fff, 'ff7f'],
    [0x4000, '818000'],
    [0x1fffff, 'ffff7f'],
    [0x200000, '80c08000'],
    [0x1fffffff, 'ffffffff'],
  ])('reads and writes the 29-bit integer %i', (value, bytes) => {
    expect(decodeU29(new ByteReader(hex(bytes), 'test'))).toBe(value);
    const writer = new ByteWriter();
    encodeU29(writer, value);
    expect(writer.toBuffer().toString('hex')).toBe(bytes);
  });

  it('refuses to write what 29 bits do not hold', () => {
    expect(() => encodeU29(new ByteWriter(), 0x20000000)).toThrow(RangeError);
    expect(() => encodeU29(new ByteWriter(), -1)).toThrow(RangeError);
  });

  it('reads strings by reference; the empty one is not counted', () => {
    expect(decodeAmf3(hex('09 09 01 06 01 06 03 61 06 03 62 06 00'))).toEqual(['', 'a', 'b', 'a']);
  });

  it('reads objects of the same traits by reference, sealed and dynamic members alike', () => {
    // Traits: class "P", sealed "x", dynamic. The second object refers to them.
    const bytes = '09 05 01 0a 1b 03 50 03 78 04 01 03 79 04 02 01 0a 01 04 03 01';
    expect(decodeAmf3(hex(bytes))).toEqual([
      new AmfTypedObject('P', record({ x: 1, y: 2 })),
      new AmfTypedObject('P', record({ x: 3 })),
    ]);
  });

  it('refuses bytes behind the value', () => {
    expect(faultOf(() => decodeAmf3(hex('01 01')))).toBe('amf.trailing-bytes');
  });

  it('reads back what it writes', () => {
    fc.assert(
      fc.property(amfValue, (value) => {
        expect(decodeAmf3(encodeAmf3(value), { maxDepth: 32, maxBytes: 1e7 })).toEqual(value);
      }),
    );
  });
});
