// AMF3 (Adobe, January 2013), section 3: values.
import { ByteReader, ProtocolError } from '../bytes/index.ts';
import { DEFAULT_AMF_LIMITS } from './limits.ts';
import type { AmfLimits } from './limits.ts';
import { Amf3Marker } from './marker.ts';
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

/**
 * Reads AMF3 values that share one set of reference tables.
 *
 * Strings and traits may be sent as references. References to objects are refused: they can make circles, and values that
 * double at every level; nothing that speaks RTMP today sends them.
 */
export class Amf3Decoder {
  private readonly reader: ByteReader;
  private readonly limits: AmfLimits;
  private readonly strings: string[] = [];
  private readonly traits: Traits[] = [];
  /** Text that string references have added to the result so far. */
  private referencedBytes = 0;

  constructor(reader: ByteReader, limits: AmfLimits = DEFAULT_AMF_LIMITS) {
    if (reader.remaining > limits.maxBytes) {
      throw new ProtocolError(
        'amf.too-large',
        'amf3',
        `${reader.remaining} bytes, at most ${limits.maxBytes} are accepted`,
      );
    }
    this.reader = reader;
    this.limits = limits;
  }

  /** @param depth how many containers stand around the value. */
  value(depth = 0): AmfValue {
    const { reader } = this;
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
        return this.string();
      case Amf3Marker.xmlDocument:
        return new AmfXml(this.inlineText('amf3/xml-document'));
      case Amf3Marker.xml:
        return new AmfXml(this.inlineText('amf3/xml'), true);
      case Amf3Marker.date:
        this.inlineSize('amf3/date');
        return new AmfDate(reader.f64());
      case Amf3Marker.byteArray:
        return new AmfBytes(reader.take(this.inlineSize('amf3/byte-array')));
      case Amf3Marker.array:
        return this.array(this.enter(depth));
      case Amf3Marker.object:
        return this.object(this.enter(depth));
      case Amf3Marker.vectorInt:
        return this.vector('int', this.enter(depth));
      case Amf3Marker.vectorUint:
        return this.vector('uint', this.enter(depth));
      case Amf3Marker.vectorDouble:
        return this.vector('double', this.enter(depth));
      case Amf3Marker.vectorObject:
        return this.vector('object', this.enter(depth));
      case Amf3Marker.dictionary:
        return this.dictionary(this.enter(depth));
      default:
        throw new ProtocolError('amf.unknown-marker', 'amf3/value', `marker ${marker}`);
    }
  }

  /** Counts one container more. */
  private enter(depth: number): number {
    if (depth >= this.limits.maxDepth) {
      throw new ProtocolError('amf.too-deep', 'amf3/value', `more than ${this.limits.maxDepth} levels`);
    }
    return depth + 1;
  }

  /** Section 3.8, UTF-8-vr: the text itself, or the number of one that came before. */
  private string(): string {
    const { reader } = this;
    reader.place = 'amf3/string';
    const head = decodeU29(reader);
    if ((head & 1) === 1) {
      const text = reader.utf8(head >> 1);
      // "The empty String is never sent by reference."
      if (text !== '') this.strings.push(text);
      return text;
    }
    const text = this.strings[head >> 1];
    if (text === undefined) throw unknownReference('amf3/string', head >> 1);
    this.referencedBytes += text.length;
    if (this.referencedBytes > this.limits.maxBytes) {
      throw new ProtocolError(
        'amf.too-large',
        'amf3/string',
        `references add up to more than ${this.limits.maxBytes} bytes`,
      );
    }
    return text;
  }

  /** Reads the head of a value that may be sent as a reference, and refuses the reference. */
  private inlineSize(place: string): number {
    this.reader.place = place;
    const head = decodeU29(this.reader);
    if ((head & 1) === 0) {
      throw new ProtocolError('amf.reference-refused', place, `reference to object ${head >> 1}`);
    }
    return head >> 1;
  }

  private inlineText(place: string): string {
    return this.reader.utf8(this.inlineSize(place));
  }

  /** Section 3.11. */
  private array(depth: number): AmfValue {
    const count = this.inlineSize('amf3/array');
    const entries = this.dynamicMembers(depth);
    const dense: AmfValue[] = [];
    for (let i = 0; i < count; i++) dense.push(this.value(depth));
    return entries === undefined ? dense : new AmfEcmaArray(entries, dense);
  }

  /** Name-value pairs up to an empty name; undefined when there is not one. */
  private dynamicMembers(depth: number): AmfRecord | undefined {
    let record: AmfRecord | undefined;
    for (let key = this.string(); key !== ''; key = this.string()) {
      record ??= newRecord();
      setProperty(record, key, this.value(depth));
    }
    return record;
  }

  /** Section 3.12. */
  private object(depth: number): AmfValue {
    const traits = this.objectTraits();
    const properties = newRecord();
    for (const name of traits.names) setProperty(properties, name, this.value(depth));
    if (traits.dynamic) Object.assign(properties, this.dynamicMembers(depth));
    return traits.className === '' ? properties : new AmfTypedObject(traits.className, properties);
  }

  private objectTraits(): Traits {
    const head = this.inlineSize('amf3/object');
    if ((head & 1) === 0) {
      const known = this.traits[head >> 1];
      if (known === undefined) throw unknownReference('amf3/object/traits', head >> 1);
      return known;
    }
    const traits = decodeTraits(head >> 1, () => this.string());
    this.traits.push(traits);
    return traits;
  }

  /** Sections 3.15 and 3.16. */
  private vector(kind: AmfVectorKind, depth: number): AmfVector {
    const { reader } = this;
    const count = this.inlineSize(`amf3/vector-${kind}`);
    const fixed = reader.u8() !== 0;
    const className = kind === 'object' ? this.string() : '';
    const items: AmfValue[] = [];
    for (let i = 0; i < count; i++) items.push(this.vectorItem(kind, depth));
    return new AmfVector(kind, items, fixed, className);
  }

  private vectorItem(kind: AmfVectorKind, depth: number): AmfValue {
    switch (kind) {
      case 'int':
        return this.reader.i32();
      case 'uint':
        return this.reader.u32();
      case 'double':
        return this.reader.f64();
      case 'object':
        return this.value(depth);
    }
  }

  /** Section 3.17. */
  private dictionary(depth: number): AmfDictionary {
    const count = this.inlineSize('amf3/dictionary');
    const weakKeys = this.reader.u8() !== 0;
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
