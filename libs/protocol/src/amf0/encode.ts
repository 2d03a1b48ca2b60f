// AMF0 (Adobe, December 2007), section 2: values.
import {
  AmfBytes,
  AmfDate,
  AmfDictionary,
  AmfEcmaArray,
  AmfTypedObject,
  AmfVector,
  AmfXml,
  writeAmf3,
} from '../amf3/index.ts';
import type { AmfRecord, AmfValue } from '../amf3/index.ts';
import { ByteWriter } from '../bytes/index.ts';
import { Amf0Marker } from './marker.ts';

const LONGEST_SHORT_STRING = 0xffff;

/** Appends one value with its marker. What only AMF3 can say is written as AMF3, behind the marker for that. */
export function writeAmf0(writer: ByteWriter, value: AmfValue): void {
  switch (typeof value) {
    case 'undefined':
      writer.u8(Amf0Marker.undefined);
      return;
    case 'boolean':
      writer.u8(Amf0Marker.boolean).u8(value ? 1 : 0);
      return;
    case 'number':
      writer.u8(Amf0Marker.number).f64(value);
      return;
    case 'string':
      writeString(writer, value);
      return;
    case 'object':
      if (value === null) writer.u8(Amf0Marker.null);
      else writeObject(writer, value);
      return;
    default:
      throw new TypeError(`AMF has no ${typeof value}`);
  }
}

/** Values one after the other, as commands and data messages hold them. */
export function encodeAmf0(...values: readonly AmfValue[]): Buffer {
  const writer = new ByteWriter();
  for (const value of values) writeAmf0(writer, value);
  return writer.toBuffer();
}

function writeString(writer: ByteWriter, text: string): void {
  const size = Buffer.byteLength(text, 'utf8');
  if (size <= LONGEST_SHORT_STRING) writer.u8(Amf0Marker.string).u16(size).utf8(text);
  else writer.u8(Amf0Marker.longString).u32(size).utf8(text);
}

function writeProperties(writer: ByteWriter, record: AmfRecord): void {
  for (const [key, member] of Object.entries(record)) {
    writer.u16(Buffer.byteLength(key, 'utf8')).utf8(key);
    writeAmf0(writer, member);
  }
  writer.u16(0).u8(Amf0Marker.objectEnd);
}

function writeObject(writer: ByteWriter, value: Exclude<AmfValue & object, null>): void {
  if (value instanceof AmfDate) {
    writer.u8(Amf0Marker.date).f64(value.timeMs).i16(value.timeZone);
  } else if (value instanceof AmfXml) {
    if (value.e4x) writeAmf3(writer.u8(Amf0Marker.avmPlus), value);
    else writer.u8(Amf0Marker.xmlDocument).u32(Buffer.byteLength(value.text, 'utf8')).utf8(value.text);
  } else if (value instanceof AmfBytes || value instanceof AmfVector || value instanceof AmfDictionary) {
    writeAmf3(writer.u8(Amf0Marker.avmPlus), value);
  } else if (value instanceof AmfEcmaArray) {
    writeEcmaArray(writer, value);
  } else if (value instanceof AmfTypedObject) {
    writer.u8(Amf0Marker.typedObject).u16(Buffer.byteLength(value.className, 'utf8')).utf8(value.className);
    writeProperties(writer, value.properties);
  } else if (Array.isArray(value)) {
    const items = value as readonly AmfValue[];
    writer.u8(Amf0Marker.strictArray).u32(items.length);
    for (const item of items) writeAmf0(writer, item);
  } else {
    writeProperties(writer.u8(Amf0Marker.object), value as AmfRecord);
  }
}

/** An ECMA array has names only: dense entries of AMF3 are written under their numbers. */
function writeEcmaArray(writer: ByteWriter, array: AmfEcmaArray): void {
  const entries: AmfRecord = { ...array.entries };
  array.dense.forEach((item, index) => (entries[String(index)] = item));
  writer.u8(Amf0Marker.ecmaArray).u32(Object.keys(entries).length);
  writeProperties(writer, entries);
}
