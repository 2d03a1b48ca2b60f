// What AMF0 and AMF3 can say, as JavaScript values. One set for both: AMF0 can hold AMF3 (marker 0x11).

/** A value of AMF0 or AMF3. Numbers, strings, booleans, null, undefined and arrays are themselves. */
export type AmfValue =
  | number
  | string
  | boolean
  | null
  | undefined
  | AmfRecord
  | readonly AmfValue[]
  | AmfEcmaArray
  | AmfTypedObject
  | AmfDate
  | AmfXml
  | AmfBytes
  | AmfVector
  | AmfDictionary;

/** An anonymous object: no prototype, so that no key means more than itself. */
export interface AmfRecord {
  [key: string]: AmfValue;
}

/** AMF0 ECMA array (2.10), or an AMF3 array with named entries (3.11): dense entries first, then named ones. */
export class AmfEcmaArray {
  readonly entries: AmfRecord;
  readonly dense: readonly AmfValue[];

  constructor(entries: AmfRecord, dense: readonly AmfValue[] = []) {
    this.entries = entries;
    this.dense = dense;
  }
}

/** An object with a class name. It is data: nothing is ever made from the name. */
export class AmfTypedObject {
  readonly className: string;
  readonly properties: AmfRecord;

  constructor(className: string, properties: AmfRecord) {
    this.className = className;
    this.properties = properties;
  }
}

/** Milliseconds since 1970 in UTC; may be NaN. The time zone is reserved and zero, but kept as it came. */
export class AmfDate {
  readonly timeMs: number;
  readonly timeZone: number;

  constructor(timeMs: number, timeZone = 0) {
    this.timeMs = timeMs;
    this.timeZone = timeZone;
  }
}

/** XML as text; it is never parsed. AMF3 tells the old flavour from E4X. */
export class AmfXml {
  readonly text: string;
  readonly e4x: boolean;

  constructor(text: string, e4x = false) {
    this.text = text;
    this.e4x = e4x;
  }
}

/** AMF3 ByteArray: a view of the decoder's input. */
export class AmfBytes {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}

export type AmfVectorKind = 'int' | 'uint' | 'double' | 'object';

/** AMF3 Vector. */
export class AmfVector {
  readonly kind: AmfVectorKind;
  readonly items: readonly AmfValue[];
  readonly fixed: boolean;
  /** Class of the items of an object vector; empty for any. */
  readonly className: string;

  constructor(kind: AmfVectorKind, items: readonly AmfValue[], fixed = false, className = '') {
    this.kind = kind;
    this.items = items;
    this.fixed = fixed;
    this.className = className;
  }
}

/** AMF3 Dictionary: keys of any type, in order. */
export class AmfDictionary {
  readonly entries: readonly (readonly [AmfValue, AmfValue])[];
  readonly weakKeys: boolean;

  constructor(entries: readonly (readonly [AmfValue, AmfValue])[], weakKeys = false) {
    this.entries = entries;
    this.weakKeys = weakKeys;
  }
}

/** Keys that are read and dropped: on an ordinary object they reach its prototype. */
const DROPPED_KEYS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

export function newRecord(): AmfRecord {
  return Object.create(null) as AmfRecord;
}

/** Sets a property that a peer named; the last of equal names holds. */
export function setProperty(record: AmfRecord, key: string, value: AmfValue): void {
  if (!DROPPED_KEYS.has(key)) record[key] = value;
}

/**
 * The named properties of an object of any kind (anonymous, typed, ECMA array), as peers use them interchangeably for
 * command objects and metadata; undefined for everything else.
 */
export function propertiesOf(value: AmfValue): AmfRecord | undefined {
  if (value instanceof AmfEcmaArray) return value.entries;
  if (value instanceof AmfTypedObject) return value.properties;
  return isRecord(value) ? value : undefined;
}

/** Tells an anonymous object from all other values. */
export function isRecord(value: AmfValue): value is AmfRecord {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === null;
}
