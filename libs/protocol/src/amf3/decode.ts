// AMF3 (Adobe, January 2013), section 3: values.
import { ByteReader, ProtocolError } from '../bytes/index.ts';
import { AmfBudget } from './budget.ts';
import { DEFAULT_AMF_LIMITS } from './limits.ts';
import type { AmfLimits } from './limits.ts';
import { Amf3Marker } from './marker.ts';
import { ReferenceTable } from './reference-table.ts';
import { decodeTraits } from './traits.ts';
import type { Traits } from './traits.ts';
import { decodeU29 } from './u29.ts';
import {
  AmfBytes,
  AmfDate,
  AmfDictionary,
  AmfEcmaArray,
  AmfTypedObject,
  AmfVector,
  AmfXml,
  newRecord,
  setProperty,
} from './value.ts';
import type { AmfRecord, AmfValue, AmfVectorKind } from './value.ts';

/** Reads AMF3 values that share one set of reference tables: strings, traits, and all values that have parts or a size. */
export class Amf3Decoder {
  readonly #reader: ByteReader;
  readonly #budget: AmfBudget;
  readonly #strings: string[] = [];
  readonly #traits: Traits[] = [];
  readonly #references: ReferenceTable;

  /** @param budget of the message that the values are part of. */
  constructor(reader: ByteReader, limits: AmfLimits = DEFAULT_AMF_LIMITS, budget: AmfBudget = new AmfBudget(limits)) {
    if (reader.remaining > limits.maxBytes) {
      throw new ProtocolError(
        'amf.too-large',
        'amf3',
        `${reader.remaining} bytes, at most ${limits.maxBytes} are accepted`,
      );
    }
    this.#reader = reader;
    this.#budget = budget;
    this.#references = new ReferenceTable(budget);
  }

  /** @param depth how many containers enclose the value. */
  value(depth = 0): AmfValue {
    const reader = this.#reader;
    reader.place = 'amf3/value';
    const marker = reader.u8();
    switch (marker) {
      case Amf3Marker.undefined:
        return undefined;
      case Amf3Marker.null:
        return null;
      case Amf3Marker.false:
        return false;
      case Amf3Marker.true:
        return true;
      case Amf3Marker.integer:
        // Section 3.6: 29 bits, the highest of them the sign.
        return (decodeU29(reader) << 3) >> 3;
      case Amf3Marker.double:
        return reader.f64();
      case Amf3Marker.string:
        return this.#string();
      case Amf3Marker.xmlDocument:
        return this.#referable('amf3/xml-document', depth, (size) => new AmfXml(reader.utf8(size)));
      case Amf3Marker.xml:
        return this.#referable('amf3/xml', depth, (size) => new AmfXml(reader.utf8(size), true));
      case Amf3Marker.date:
        return this.#referable('amf3/date', depth, () => new AmfDate(reader.f64()));
      case Amf3Marker.byteArray:
        return this.#referable('amf3/byte-array', depth, (size) => new AmfBytes(reader.take(size)));
      case Amf3Marker.array:
        return this.#container('amf3/array', depth, (count, inside) => this.#array(count, inside));
      case Amf3Marker.object:
        return this.#container('amf3/object', depth, (head, inside) => this.#object(head, inside));
      case Amf3Marker.vectorInt:
        return this.#container('amf3/vector-int', depth, (count, inside) => this.#vector('int', count, inside));
      case Amf3Marker.vectorUint:
        return this.#container('amf3/vector-uint', depth, (count, inside) => this.#vector('uint', count, inside));
      case Amf3Marker.vectorDouble:
        return this.#container('amf3/vector-double', depth, (count, inside) => this.#vector('double', count, inside));
      case Amf3Marker.vectorObject:
        return this.#container('amf3/vector-object', depth, (count, inside) => this.#vector('object', count, inside));
      case Amf3Marker.dictionary:
        return this.#container('amf3/dictionary', depth, (count, inside) => this.#dictionary(count, inside));
      default:
        throw new ProtocolError('amf.unknown-marker', 'amf3/value', `marker ${marker}`);
    }
  }

  /**
   * Reads a value in full, or by the number of an earlier one: all these share one table of references.
   * @param read gets the value's head without the lowest bit, which has told the two apart.
   */
  #referable(place: string, depth: number, read: (head: number) => AmfValue): AmfValue {
    this.#reader.place = place;
    const head = decodeU29(this.#reader);
    if ((head & 1) === 0) return this.#references.resolve(head >> 1, depth, place);
    return this.#references.define(this.#reader, depth, () => read(head >> 1));
  }

  /** As `referable`, for what holds other values. */
  #container(place: string, depth: number, read: (head: number, inside: number) => AmfValue): AmfValue {
    return this.#referable(place, depth, (head) => read(head, this.#budget.enter(depth)));
  }

  /** Section 3.8, UTF-8-vr: the text itself, or the number of one that came before. */
  #string(): string {
    const reader = this.#reader;
    reader.place = 'amf3/string';
    const head = decodeU29(reader);
    if ((head & 1) === 1) {
      const text = reader.utf8(head >> 1);
      // "The empty String is never sent by reference."
      if (text !== '') this.#strings.push(text);
      return text;
    }
    const text = this.#strings[head >> 1];
    if (text === undefined) throw unknownReference('amf3/string', head >> 1);
    this.#budget.repeat(text.length, 'amf3/string');
    return text;
  }

  /** Section 3.11. */
  #array(count: number, depth: number): AmfValue {
    const entries = this.#dynamicMembers(depth);
    const dense: AmfValue[] = [];
    for (let i = 0; i < count; i++) dense.push(this.value(depth));
    return entries === undefined ? dense : new AmfEcmaArray(entries, dense);
  }

  /** Name-value pairs up to an empty name; undefined when there is not one. */
  #dynamicMembers(depth: number): AmfRecord | undefined {
    let record: AmfRecord | undefined;
    for (let key = this.#string(); key !== ''; key = this.#string()) {
      record ??= newRecord();
      setProperty(record, key, this.value(depth));
    }
    return record;
  }

  /** Section 3.12. */
  #object(head: number, depth: number): AmfValue {
    const traits = this.#objectTraits(head);
    const properties = newRecord();
    for (const name of traits.names) setProperty(properties, name, this.value(depth));
    if (traits.dynamic) Object.assign(properties, this.#dynamicMembers(depth));
    return traits.className === '' ? properties : new AmfTypedObject(traits.className, properties);
  }

  #objectTraits(head: number): Traits {
    if ((head & 1) === 0) {
      const known = this.#traits[head >> 1];
      if (known === undefined) throw unknownReference('amf3/object/traits', head >> 1);
      return known;
    }
    const traits = decodeTraits(head >> 1, () => this.#string());
    this.#traits.push(traits);
    return traits;
  }

  /** Sections 3.15 and 3.16. */
  #vector(kind: AmfVectorKind, count: number, depth: number): AmfVector {
    const fixed = this.#reader.u8() !== 0;
    const className = kind === 'object' ? this.#string() : '';
    const items: AmfValue[] = [];
    for (let i = 0; i < count; i++) items.push(this.#vectorItem(kind, depth));
    return new AmfVector(kind, items, fixed, className);
  }

  #vectorItem(kind: AmfVectorKind, depth: number): AmfValue {
    switch (kind) {
      case 'int':
        return this.#reader.i32();
      case 'uint':
        return this.#reader.u32();
      case 'double':
        return this.#reader.f64();
      case 'object':
        return this.value(depth);
    }
  }

  /** Section 3.17. */
  #dictionary(count: number, depth: number): AmfDictionary {
    const weakKeys = this.#reader.u8() !== 0;
    const entries: (readonly [AmfValue, AmfValue])[] = [];
    for (let i = 0; i < count; i++) {
      const key = this.value(depth);
      entries.push([key, this.value(depth)]);
    }
    return new AmfDictionary(entries, weakKeys);
  }
}

function unknownReference(place: string, index: number): ProtocolError {
  return new ProtocolError('amf.unknown-reference', place, `reference ${index} to nothing`);
}

/** Decodes one AMF3 value that fills the input. */
export function decodeAmf3(bytes: Uint8Array, limits: AmfLimits = DEFAULT_AMF_LIMITS): AmfValue {
  const reader = new ByteReader(bytes, 'amf3');
  const value = new Amf3Decoder(reader, limits).value();
  if (reader.remaining > 0) {
    throw new ProtocolError('amf.trailing-bytes', 'amf3', `${reader.remaining} bytes after the value`);
  }
  return value;
}
