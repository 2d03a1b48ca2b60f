import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hex } from '../testing/hex.ts';
import { faultOf } from '../testing/protocol-fault.ts';
import { amfValue } from '../testing/amf-arbitrary.ts';
import { record } from '../testing/amf-record.ts';
import {
  AmfBytes,
  AmfDate,
  AmfDictionary,
  AmfEcmaArray,
  AmfTypedObject,
  AmfVector,
  AmfXml,
  decodeAmf0,
  encodeAmf0,
} from './index.ts';
import type { AmfValue } from './index.ts';

/** Written by hand from the sections of the specification; each is read and written. */
const elements: readonly [name: string, bytes: string, value: AmfValue][] = [
  ['2.2 number', '00 3ff8000000000000', 1.5],
  ['2.2 number -0', '00 8000000000000000', -0],
  ['2.2 number Infinity', '00 7ff0000000000000', Infinity],
  ['2.3 boolean true', '01 01', true],
  ['2.3 boolean false', '01 00', false],
  ['2.4 string', '02 0003 61c3a9', 'aé'],
  ['2.4 string, empty', '02 0000', ''],
  ['2.5 object', '03 0001 61 05 0001 62 01 01 0000 09', record({ a: null, b: true })],
  ['2.5 object, empty', '03 0000 09', record({})],
  ['2.7 null', '05', null],
  ['2.8 undefined', '06', undefined],
  ['2.10 ECMA array', '08 00000001 0001 61 02 0001 78 0000 09', new AmfEcmaArray(record({ a: 'x' }))],
  ['2.12 strict array', '0a 00000002 05 0a 00000000', [null, []]],
  ['2.13 date', '0b 427674d3f33dc000 0000', new AmfDate(1543189246940)],
  ['2.17 XML document', '0f 00000004 3c612f3e', new AmfXml('<a/>')],
  ['2.18 typed object', '10 0002 4f6e 0001 61 05 0000 09', new AmfTypedObject('On', record({ a: null }))],
  ['3.1 AMF3 byte array', '11 0c 05 0102', new AmfBytes(hex('0102'))],
  ['3.1 AMF3 vector', '11 0d 03 00 ffffffff', new AmfVector('int', [-1])],
  ['3.1 AMF3 dictionary', '11 11 03 00 01 03', new AmfDictionary([[null, true]])],
];

describe('AMF0', () => {
  it.each(elements)('%s is read', (_name, bytes, value) => {
    expect(decodeAmf0(hex(bytes))).toEqual([value]);
  });

  it.each(elements)('%s is written', (_name, bytes, value) => {
    expect(encodeAmf0(value).toString('hex')).toBe(hex(bytes).toString('hex'));
  });

  it.each(elements)('%s fails cleanly at every truncation', (_name, bytes) => {
    const whole = hex(bytes);
    for (let length = 1; length < whole.length; length++) {
      expect(faultOf(() => decodeAmf0(whole.subarray(0, length)))).toBe('ended-early');
    }
  });

  it('reads NaN, and a long string of any length', () => {
    expect(decodeAmf0(hex('00 7ff8000000000000'))).toEqual([NaN]);
    expect(decodeAmf0(hex('0c 00000003 616263'))).toEqual(['abc']);
  });

  it('writes a string that needs more than 16 bits of length as a long one', () => {
    const long = 'x'.repeat(0x10000);
    const bytes = encodeAmf0(long);
    expect(bytes.subarray(0, 5).toString('hex')).toBe('0c00010000');
    expect(decodeAmf0(bytes, { maxDepth: 1, maxBytes: 0x20000 })).toEqual([long]);
  });

  it('reads values one after the other', () => {
    expect(decodeAmf0(hex('02 0001 61 05 01 01'))).toEqual(['a', null, true]);
    expect(decodeAmf0(hex(''))).toEqual([]);
  });

  it('takes the end marker of an ECMA array for its end, whatever its count says', () => {
    for (const count of ['00000000', '00000007', 'ffffffff']) {
      expect(decodeAmf0(hex(`08 ${count} 0001 61 05 0000 09`))).toEqual([new AmfEcmaArray(record({ a: null }))]);
    }
  });

  it('switches to AMF3 for one value only', () => {
    expect(decodeAmf0(hex('11 06 03 61 02 0001 62'))).toEqual(['a', 'b']);
  });

  it('reads back what it writes', () => {
    fc.assert(
      fc.property(amfValue, (value) => {
        expect(decodeAmf0(encodeAmf0(value), { maxDepth: 32, maxBytes: 1e7 })).toEqual([value]);
      }),
    );
  });
});
