// AMF0 section 2.9 and AMF3 section 2.2: values that are sent once and then by their number.
import { describe, expect, it } from 'vitest';
import { decodeAmf3 } from '../amf3/index.ts';
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
  decodeAmf0,
} from './index.ts';
import type { AmfLimits, AmfValue } from './index.ts';

const EMPTY = record({});

describe('a reference of AMF0', () => {
  it.each<[string, string, AmfValue]>([
    ['an object', '03 0000 09', EMPTY],
    ['a typed object', '10 0001 50 0000 09', new AmfTypedObject('P', EMPTY)],
    ['an ECMA array', '08 00000000 0000 09', new AmfEcmaArray(EMPTY)],
    ['a strict array', '0a 00000000', []],
  ])('gives %s again: the same one', (_name, bytes, value) => {
    const [, first, second] = decodeAmf0(hex(`05 ${bytes} 07 0000`));
    expect(first).toEqual(value);
    expect(second).toBe(first);
  });

  it('counts objects in the order in which they begin, those of switches to AMF3 apart', () => {
    // 0: the array, 1: the object in it; the AMF3 array between them has a table of its own.
    const [values] = decodeAmf0(hex('0a 00000003 11 09 01 01 03 0001 61 05 0000 09 07 0001'));
    expect(values).toEqual([[], record({ a: null }), record({ a: null })]);
  });
});

describe('a reference of AMF3', () => {
  it.each<[string, string, AmfValue]>([
    ['an XML document', '07 03 61', new AmfXml('a')],
    ['a date', '08 01 0000000000000000', new AmfDate(0)],
    ['an array', '09 01 01', []],
    ['an object', '0a 0b 01 01', EMPTY],
    ['XML', '0b 03 61', new AmfXml('a', true)],
    ['a byte array', '0c 03 ff', new AmfBytes(hex('ff'))],
    ['a vector of int', '0d 01 00', new AmfVector('int', [])],
    ['a vector of uint', '0e 01 00', new AmfVector('uint', [])],
    ['a vector of double', '0f 01 00', new AmfVector('double', [])],
    ['a vector of objects', '10 01 00 01', new AmfVector('object', [])],
    ['a dictionary', '11 01 00', new AmfDictionary([])],
  ])('gives %s again: the same one', (_name, bytes, value) => {
    // In an array, which is reference 0; the value is 1, and the reference has its marker.
    const decoded = decodeAmf3(hex(`09 07 01 ${bytes} 04 05 ${bytes.slice(0, 2)} 02`)) as readonly AmfValue[];
    expect(decoded).toEqual([value, 5, value]);
    expect(decoded[2]).toBe(decoded[0]);
  });

  it('counts what one value holds before what comes after it', () => {
    // 0: all; 1: an array that holds 2, a date; 3: an empty array. Then 3, 2 and 1 again.
    const value = decodeAmf3(hex('09 0b 01 09 03 01 08 01 0000000000000000 09 01 01 09 06 08 04 09 02'));
    expect(value).toEqual([[new AmfDate(0)], [], [], new AmfDate(0), [new AmfDate(0)]]);
  });

  it('of a string gives the one with its number', () => {
    expect(decodeAmf3(hex('09 0b 01 06 03 61 06 03 62 06 03 63 06 02 06 04'))).toEqual(['a', 'b', 'c', 'b', 'c']);
  });
});

describe('references cannot', () => {
  const limits: AmfLimits = { maxDepth: 4, maxBytes: 100 };

  it('make a message of AMF0 larger than the limit', () => {
    // What counts of the array is what follows its marker: 4 bytes of count and 10 of text. Seven references: 98 bytes.
    const message = (references: number): Buffer =>
      hex(`0a 00000001 02 0007 ${'61'.repeat(7)} ${'07 0000'.repeat(references)}`);
    expect(faultOf(() => decodeAmf0(message(7), limits))).toBeUndefined();
    expect(faultOf(() => decodeAmf0(message(8), limits))).toBe('amf.too-large');
  });

  it('make a value of AMF3 larger than the limit', () => {
    // A byte array of 20; five references to it, reference 0 being the array around them: 100 bytes.
    const message = (references: number): Buffer =>
      hex(
        `09 ${(2 * references + 3).toString(16).padStart(2, '0')} 01 0c 29 ${'ff'.repeat(20)} ${'0c 02'.repeat(references)}`,
      );
    expect(faultOf(() => decodeAmf3(message(5), limits))).toBeUndefined();
    expect(faultOf(() => decodeAmf3(message(6), limits))).toBe('amf.too-large');
  });

  it('double a value at every level', () => {
    // Each array holds the one before it twice: 2^40 of the first, were it written out.
    let bytes = '0a 00000001 05';
    for (let index = 0; index < 30; index++) {
      const before = index.toString(16).padStart(4, '0');
      bytes += `0a 00000002 07 ${before} 07 ${before}`;
    }
    expect(faultOf(() => decodeAmf0(hex(bytes), { maxDepth: 1000, maxBytes: 65_536 }))).toBe('amf.too-large');
  });

  it('make a value of more levels than the limit', () => {
    const two = '0a 00000001 0a 00000000';
    const around = (levels: number): string => `${two} ${'0a 00000001'.repeat(levels)} 07 0000`;
    expect(decodeAmf0(hex(around(2)), limits)[1]).toEqual([[[[]]]]);
    expect(faultOf(() => decodeAmf0(hex(around(3)), limits))).toBe('amf.too-deep');
    // Nor by a reference to what only a reference made deep.
    const chained = `${two} 0a 00000001 07 0000 0a 00000001 0a 00000001 07 0002`;
    expect(faultOf(() => decodeAmf0(hex(chained), limits))).toBe('amf.too-deep');
  });

  it('do so by switching to AMF3 either', () => {
    // A text of 20 bytes and five references to it, in 38 bytes. Each switch has tables of its own, the sum counts.
    const once = hex(`11 09 0d 01 06 29 ${'78'.repeat(20)} ${'06 00'.repeat(5)}`);
    expect(once).toHaveLength(36);
    const message = (count: number): Buffer => Buffer.concat(new Array<Buffer>(count).fill(once));
    const tight = { maxDepth: 4, maxBytes: 100 };
    expect(faultOf(() => decodeAmf0(message(1), tight))).toBeUndefined();
    expect(faultOf(() => decodeAmf0(message(2), tight))).toBe('amf.too-large');
  });
});
