// AMF3 (Adobe, January 2013), section 3: values. Writes no references: what is sent is small and said once.
import { ByteWriter } from '../bytes/index.ts';
import { Amf3Marker } from './marker.ts';
import { LARGEST_U29, encodeU29 } from './u29.ts';
import { AmfBytes, AmfDate, AmfDictionary, AmfEcmaArray, AmfTypedObject, AmfVector, AmfXml } from './value.ts';
import type { AmfRecord, AmfValue } from './value.ts';

const LEAST_INTEGER = -0x1000_0000;
const GREATEST_INTEGER = 0x0fff_ffff;
/** Object, traits in full, dynamic, no sealed members. */
const DYNAMIC_OBJECT = 0x0b;

/** Appends one value with its marker. */
export function writeAmf3(writer: ByteWriter, value: AmfValue): void {
  switch (typeof value) {
    case 'undefined':
      writer.u8(Amf3Marker.undefined);
      return;
    case 'boolean':
      writer.u8(value ? Amf3Marker.true : Amf3Marker.false);
      return;
    case 'number':
      writeNumber(writer, value);
      return;
    case 'string':
      writeString(writer.u8(Amf3Marker.string), value);
      return;
    case 'object':
      if (value === null) writer.u8(Amf3Marker.null);
      else writeObject(writer, value);
      return;
    default:
      throw new TypeError(`AMF has no ${typeof value}`);
  }
}

/** One value as a buffer of its own. */
export function encodeAmf3(value: AmfValue): Buffer {
  const writer = new ByteWriter();
  writeAmf3(writer, value);
  return writer.toBuffer();
}

function writeNumber(writer: ByteWriter, value: number): void {
  const isInteger =
    Number.isInteger(value) && value >= LEAST_INTEGER && value <= GREATEST_INTEGER && !Object.is(value, -0);
  if (isInteger) encodeU29(writer.u8(Amf3Marker.integer), value & LARGEST_U29);
  else writer.u8(Amf3Marker.double).f64(value);
}

/** The head of a value that is sent in full: its size and a set lowest bit. */
function writeHead(writer: ByteWriter, size: number): ByteWriter {
  encodeU29(writer, size * 2 + 1);
  return writer;
}

function writeString(writer: ByteWriter, text: string): void {
  writeHead(writer, Buffer.byteLength(text, 'utf8')).utf8(text);
}

function writeMembers(writer: ByteWriter, record: AmfRecord): void {
  for (const [key, member] of Object.entries(record)) {
    // An empty name would end the members.
    if (key === '') continue;
    writeString(writer, key);
    writeAmf3(writer, member);
  }
  writeString(writer, '');
}

function writeObject(writer: ByteWriter, value: Exclude<AmfValue & object, null>): void {
  if (value instanceof AmfDate) {
    writeHead(writer.u8(Amf3Marker.date), 0).f64(value.timeMs);
  } else if (value instanceof AmfXml) {
    writeString(writer.u8(value.e4x ? Amf3Marker.xml : Amf3Marker.xmlDocument), value.text);
  } else if (value instanceof AmfBytes) {
    writeHead(writer.u8(Amf3Marker.byteArray), value.bytes.length).write(value.bytes);
  } else if (value instanceof AmfVector) {
    writeVector(writer, value);
  } else if (value instanceof AmfDictionary) {
    writeHead(writer.u8(Amf3Marker.dictionary), value.entries.length).u8(value.weakKeys ? 1 : 0);
    for (const [key, member] of value.entries) {
      writeAmf3(writer, key);
      writeAmf3(writer, member);
    }
  } else if (value instanceof AmfEcmaArray) {
    writeArray(writer, value.entries, value.dense);
  } else if (value instanceof AmfTypedObject) {
    writeDynamicObject(writer, value.className, value.properties);
  } else if (Array.isArray(value)) {
    writeArray(writer, {}, value as readonly AmfValue[]);
  } else {
    writeDynamicObject(writer, '', value as AmfRecord);
  }
}

function writeArray(writer: ByteWriter, entries: AmfRecord, dense: readonly AmfValue[]): void {
  writeHead(writer.u8(Amf3Marker.array), dense.length);
  writeMembers(writer, entries);
  for (const item of dense) writeAmf3(writer, item);
}

function writeDynamicObject(writer: ByteWriter, className: string, properties: AmfRecord): void {
  writer.u8(Amf3Marker.object).u8(DYNAMIC_OBJECT);
  writeString(writer, className);
  writeMembers(writer, properties);
}

const VECTOR_MARKERS = {
  int: Amf3Marker.vectorInt,
  uint: Amf3Marker.vectorUint,
  double: Amf3Marker.vectorDouble,
  object: Amf3Marker.vectorObject,
} as const;

function writeVector(writer: ByteWriter, vector: AmfVector): void {
  writeHead(writer.u8(VECTOR_MARKERS[vector.kind]), vector.items.length).u8(vector.fixed ? 1 : 0);
  if (vector.kind === 'object') writeString(writer, vector.className);
  for (const item of vector.items) {
    if (vector.kind === 'object') writeAmf3(writer, item);
    else if (typeof item !== 'number') throw new TypeError(`a vector of ${vector.kind} holds a ${typeof item}`);
    else if (vector.kind === 'int') writer.i32(item);
    else if (vector.kind === 'uint') writer.u32(item);
    else writer.f64(item);
  }
}
