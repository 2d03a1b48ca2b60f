// AMF0 (Adobe, December 2007), section 2: values.
import {
  Amf3Decoder,
  AmfDate,
  AmfEcmaArray,
  AmfTypedObject,
  AmfXml,
  DEFAULT_AMF_LIMITS,
  newRecord,
} from '../amf3/index.ts';
import type { AmfLimits, AmfRecord, AmfValue } from '../amf3/index.ts';
import { AmfBudget } from '../amf3/budget.ts';
import { ReferenceTable } from '../amf3/reference-table.ts';
import { setProperty } from '../amf3/value.ts';
import { ByteReader, ProtocolError } from '../bytes/index.ts';
import { Amf0Marker } from './marker.ts';

/** Reads the AMF0 values of one message, one after the other. Objects come without a prototype. */
export class Amf0Decoder {
  readonly #reader: ByteReader;
  readonly #limits: AmfLimits;
  readonly #budget: AmfBudget;
  readonly #references: ReferenceTable;

  constructor(reader: ByteReader, limits: AmfLimits = DEFAULT_AMF_LIMITS) {
    if (reader.remaining > limits.maxBytes) {
      throw new ProtocolError(
        'amf.too-large',
        'amf0',
        `${reader.remaining} bytes, at most ${limits.maxBytes} are accepted`,
      );
    }
    this.#reader = reader;
    this.#limits = limits;
    this.#budget = new AmfBudget(limits);
    this.#references = new ReferenceTable(this.#budget);
  }

  /** Whether there is another value to read. */
  get hasMore(): boolean {
    return this.#reader.remaining > 0;
  }

  /** @param depth how many containers enclose the value. */
  value(depth = 0): AmfValue {
    const reader = this.#reader;
    reader.place = 'amf0/value';
    const marker = reader.u8();
    switch (marker) {
      case Amf0Marker.number:
        return reader.f64();
      case Amf0Marker.boolean:
        return reader.u8() !== 0;
      case Amf0Marker.string:
        return this.#shortText('amf0/string');
      case Amf0Marker.longString:
        return this.#longText('amf0/long-string');
      case Amf0Marker.object:
        return this.#container(depth, (inside) => this.#properties('amf0/object', inside));
      case Amf0Marker.null:
        return null;
      case Amf0Marker.undefined:
      case Amf0Marker.unsupported:
        return undefined;
      case Amf0Marker.ecmaArray:
        return this.#container(depth, (inside) => this.#ecmaArray(inside));
      case Amf0Marker.strictArray:
        return this.#container(depth, (inside) => this.#strictArray(inside));
      case Amf0Marker.date: {
        reader.place = 'amf0/date';
        const timeMs = reader.f64();
        return new AmfDate(timeMs, reader.i16());
      }
      case Amf0Marker.xmlDocument:
        return new AmfXml(this.#longText('amf0/xml-document'));
      case Amf0Marker.typedObject:
        return this.#container(depth, (inside) => this.#typedObject(inside));
      case Amf0Marker.avmPlus:
        // Section 3.1: the switch holds for one value, which has reference tables of its own.
        return new Amf3Decoder(reader, this.#limits, this.#budget).value(depth);
      case Amf0Marker.reference:
        reader.place = 'amf0/reference';
        return this.#references.resolve(reader.u16(), depth, 'amf0/reference');
      case Amf0Marker.objectEnd:
        throw new ProtocolError('amf.unexpected-object-end', 'amf0/value', 'object end outside an object');
      default:
        throw new ProtocolError('amf.unknown-marker', 'amf0/value', `marker ${marker}`);
    }
  }

  /** Section 2.9: objects and arrays of every kind may be referred to later. */
  #container<Value extends AmfValue>(depth: number, read: (inside: number) => Value): Value {
    return this.#references.define(this.#reader, depth, () => read(this.#budget.enter(depth)));
  }

  #shortText(place: string): string {
    this.#reader.place = place;
    return this.#reader.utf8(this.#reader.u16());
  }

  #longText(place: string): string {
    this.#reader.place = place;
    return this.#reader.utf8(this.#reader.u32());
  }

  /** Section 2.5: name-value pairs until an empty name with the object end marker. */
  #properties(place: string, depth: number): AmfRecord {
    const reader = this.#reader;
    const record = newRecord();
    for (;;) {
      const key = this.#shortText(`${place}/key`);
      if (key === '' && reader.peekU8() === Amf0Marker.objectEnd) {
        reader.skip(1);
        return record;
      }
      setProperty(record, key, this.value(depth));
    }
  }

  /** Section 2.18. */
  #typedObject(depth: number): AmfTypedObject {
    const className = this.#shortText('amf0/typed-object/class-name');
    return new AmfTypedObject(className, this.#properties('amf0/typed-object', depth));
  }

  /** Section 2.10: the count is a hint that peers get wrong; the end marker counts. */
  #ecmaArray(depth: number): AmfEcmaArray {
    this.#reader.place = 'amf0/ecma-array/count';
    this.#reader.skip(4);
    return new AmfEcmaArray(this.#properties('amf0/ecma-array', depth));
  }

  /** Section 2.12. */
  #strictArray(depth: number): readonly AmfValue[] {
    this.#reader.place = 'amf0/strict-array/count';
    const count = this.#reader.u32();
    const items: AmfValue[] = [];
    // Each item takes at least a byte, so a false count ends with the input.
    for (let i = 0; i < count; i++) items.push(this.value(depth));
    return items;
  }
}

/** Decodes AMF0 values until the end of the input. */
export function decodeAmf0(bytes: Uint8Array, limits: AmfLimits = DEFAULT_AMF_LIMITS): AmfValue[] {
  const decoder = new Amf0Decoder(new ByteReader(bytes, 'amf0'), limits);
  const values: AmfValue[] = [];
  while (decoder.hasMore) values.push(decoder.value());
  return values;
}
