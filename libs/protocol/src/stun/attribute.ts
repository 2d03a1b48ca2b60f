// RFC 8489 section 14: what every attribute has.
import type { ByteReader, ByteWriter } from '../bytes/index.ts';

/** Attributes with "XOR" in their name depend on the transaction id of their message (section 14.2). */
export interface AttributeContext {
  readonly transactionId: Uint8Array;
}

/** How one attribute is read and written. `T` is what it says. */
export interface StunAttribute<T> {
  /** As the IANA registry spells it. */
  readonly name: string;
  readonly type: number;
  /** Where in the format its errors lie: `stun/xor-mapped-address`. */
  readonly place: string;
  /**
   * Reads the value. What it leaves unread makes the attribute a malformed one.
   * @throws ProtocolError when it is none of this kind
   */
  decode(reader: ByteReader, context: AttributeContext): T;
  /** Appends the value, without padding. */
  encode(writer: ByteWriter, value: T, context: AttributeContext): void;
}

/** Section 14: who does not understand one of these must refuse the request, or drop the indication or response. */
export const isComprehensionRequired = (type: number): boolean => type < 0x8000;

export function stunAttribute<T>(
  name: string,
  type: number,
  decode: StunAttribute<T>['decode'],
  encode: StunAttribute<T>['encode'],
): StunAttribute<T> {
  return { name, type, place: `stun/${name.toLowerCase()}`, decode, encode };
}
