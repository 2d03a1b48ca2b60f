import fc from 'fast-check';
import { AmfBytes, AmfDate, AmfDictionary, AmfEcmaArray, AmfTypedObject, AmfVector, AmfXml } from '../amf3/index.ts';
import type { AmfRecord, AmfValue } from '../amf3/index.ts';
import { record } from './amf-record.ts';

/** Any text that UTF-8 can carry, but no key that decoders drop. */
const text = fc.string({ unit: 'binary', maxLength: 12 });
const key = text.filter((name) => !['', '__proto__', 'constructor', 'prototype'].includes(name));

/** Any value that both AMF0 (with its switch to AMF3) and AMF3 carry unchanged, a few levels deep. */
export const amfValue: fc.Arbitrary<AmfValue> = fc.letrec<{ value: AmfValue; record: AmfRecord }>((tie) => ({
  record: fc.dictionary(key, tie('value'), { maxKeys: 4 }).map(record),
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.double(),
    fc.integer(),
    text,
    fc.boolean(),
    fc.constantFrom(null, undefined),
    fc.double({ noNaN: true }).map((timeMs) => new AmfDate(timeMs)),
    text.map((content) => new AmfXml(content)),
    fc.uint8Array({ maxLength: 20 }).map((bytes) => new AmfBytes(Buffer.from(bytes))),
    fc.array(fc.integer()).map((items) => new AmfVector('int', items, true)),
    fc.array(fc.nat(0xffff_ffff)).map((items) => new AmfVector('uint', items)),
    fc.array(fc.double()).map((items) => new AmfVector('double', items)),
    tie('record'),
    fc.array(tie('value'), { maxLength: 4 }),
    // An ECMA array without entries is a plain array in AMF3.
    tie('record')
      .filter((entries) => Object.keys(entries).length > 0)
      .map((entries) => new AmfEcmaArray(entries)),
    fc.tuple(key, tie('record')).map(([name, properties]) => new AmfTypedObject(name, properties)),
    fc.array(tie('value'), { maxLength: 3 }).map((items) => new AmfVector('object', items, false, 'flash.Item')),
    fc.array(fc.tuple(tie('value'), tie('value')), { maxLength: 3 }).map((entries) => new AmfDictionary(entries, true)),
  ),
})).value;
