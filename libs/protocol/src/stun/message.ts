// RFC 8489 sections 5 and 14: a message, as it lies in the bytes that came.
import { ByteReader, ProtocolError } from '../bytes/index.ts';
import type { StunAttribute } from './attribute.ts';
import { isComprehensionRequired } from './attribute.ts';
import { ATTRIBUTE_HEADER_BYTES, STUN_HEADER_BYTES, TRANSACTION_ID_OFFSET } from './header.ts';
import type { StunClass } from './message-type.ts';
import { classOfType, methodOfType } from './message-type.ts';

/**
 * A message whose header and attribute lengths are right. Values are decoded when they are asked for. What follows
 * the integrity attributes does not exist, except for what is allowed there (sections 14.5 and 14.6). Made by `decodeMessage`.
 */
export class StunMessage {
  /** Exactly the message; a view of what was decoded. */
  readonly bytes: Buffer;
  readonly class: StunClass;
  /** A `StunMethod`, or one that this library does not name. */
  readonly method: number;
  /** Where the attributes begin that count, in order. */
  readonly #offsets: readonly number[];

  constructor(bytes: Buffer, offsets: readonly number[]) {
    const type = bytes.readUInt16BE(0);
    this.bytes = bytes;
    this.class = classOfType(type);
    this.method = methodOfType(type);
    this.#offsets = offsets;
  }

  /** The 12 bytes that a response repeats; a view. */
  get transactionId(): Buffer {
    return this.bytes.subarray(TRANSACTION_ID_OFFSET, STUN_HEADER_BYTES);
  }

  has(attribute: { readonly type: number }): boolean {
    return this.offsetOf(attribute.type) >= 0;
  }

  /**
   * The value of the first attribute of that kind: section 14 has the others ignored.
   * @throws ProtocolError when the attribute is there and malformed
   */
  get<T>(attribute: StunAttribute<T>): T | undefined {
    const at = this.offsetOf(attribute.type);
    return at < 0 ? undefined : this.#decodeAt(at, attribute);
  }

  /**
   * The values of every attribute of that kind, in order.
   * @throws ProtocolError when one of them is malformed
   */
  getAll<T>(attribute: StunAttribute<T>): T[] {
    return this.#offsets
      .filter((at) => this.bytes.readUInt16BE(at) === attribute.type)
      .map((at) => this.#decodeAt(at, attribute));
  }

  /** The bytes of the first attribute of that type, as a view. */
  raw(type: number): Buffer | undefined {
    const at = this.offsetOf(type);
    if (at < 0) return undefined;
    const from = at + ATTRIBUTE_HEADER_BYTES;
    return this.bytes.subarray(from, from + this.bytes.readUInt16BE(at + 2));
  }

  /** The types of the attributes that count, in order. */
  get attributeTypes(): number[] {
    return this.#offsets.map((at) => this.bytes.readUInt16BE(at));
  }

  /** Types that `isKnown` does not know although section 6.3 forbids to ignore them, each once. */
  unknownRequired(isKnown: (type: number) => boolean): number[] {
    const unknown = this.attributeTypes.filter((type) => isComprehensionRequired(type) && !isKnown(type));
    return unknown.length > 1 ? [...new Set(unknown)] : unknown;
  }

  /** Where the first attribute of that type begins, or -1. */
  offsetOf(type: number): number {
    for (const at of this.#offsets) if (this.bytes.readUInt16BE(at) === type) return at;
    return -1;
  }

  #decodeAt<T>(at: number, attribute: StunAttribute<T>): T {
    const from = at + ATTRIBUTE_HEADER_BYTES;
    const reader = new ByteReader(this.bytes, attribute.place, from, from + this.bytes.readUInt16BE(at + 2));
    const value = attribute.decode(reader, this);
    if (reader.remaining > 0) {
      throw new ProtocolError('stun.attribute.length', attribute.place, `${reader.remaining} bytes too many`);
    }
    return value;
  }
}
