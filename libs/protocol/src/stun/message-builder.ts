// RFC 8489 section 6.1: forming a message.
import { ByteWriter } from '../bytes/index.ts';
import type { StunAttribute } from './attribute.ts';
import { FINGERPRINT, isClosing } from './attribute-type.ts';
import { FINGERPRINT_BYTES, fingerprintOf } from './fingerprint.ts';
import {
  ATTRIBUTE_HEADER_BYTES,
  MAGIC_COOKIE,
  MAX_STUN_LENGTH,
  paddedLength,
  STUN_HEADER_BYTES,
  TRANSACTION_ID_BYTES,
} from './header.ts';
import type { IntegrityAlgorithm } from './integrity.ts';
import {
  computeIntegrity,
  INTEGRITY_BYTES,
  INTEGRITY_SHA256_BYTES,
  integrityType,
  isIntegritySize,
} from './integrity.ts';
import type { StunMessage } from './message.ts';
import { messageType, StunClass } from './message-type.ts';
import { newTransactionId } from './transaction-id.ts';

/** What was added last: sections 14.5 to 14.7 give integrity and fingerprint their places at the end. */
const Stage = { attributes: 0, integrity: 1, sha256: 2, fingerprint: 3 } as const;

/** Forms one message. Attributes come first, then integrity, then the fingerprint; padding is always zero. */
export class MessageBuilder {
  readonly transactionId: Uint8Array;
  readonly #type: number;
  readonly #writer: ByteWriter;
  #stage: number = Stage.attributes;

  /** @param capacity the bytes that the message will about take */
  constructor(stunClass: StunClass, method: number, transactionId: Uint8Array = newTransactionId(), capacity?: number) {
    if (transactionId.length !== TRANSACTION_ID_BYTES) throw new RangeError('a transaction id has 12 bytes');
    this.transactionId = transactionId;
    this.#type = messageType(stunClass, method);
    this.#writer = new ByteWriter(capacity).u16(this.#type).u16(0).u32(MAGIC_COOKIE).write(transactionId);
  }

  /** A success or error response: method and transaction id are those of the request. */
  static responseTo(
    request: StunMessage,
    stunClass: typeof StunClass.success | typeof StunClass.error,
  ): MessageBuilder {
    return new MessageBuilder(stunClass, request.method, request.transactionId);
  }

  add<T>(attribute: StunAttribute<T>, value: T): this {
    if (isClosing(attribute.type)) throw new RangeError(`${attribute.name} is computed, not added`);
    this.#enter(Stage.attributes);
    const at = this.#writer.length;
    this.#writer.u32(0);
    attribute.encode(this.#writer, value, this);
    return this.#finishAttribute(at, attribute.type);
  }

  /** Appends an attribute of which only the bytes are known. */
  addRaw(type: number, value: Uint8Array): this {
    this.#enter(Stage.attributes);
    const at = this.#writer.length;
    this.#writer.u32(0).write(value);
    return this.#finishAttribute(at, type);
  }

  /** @param valueBytes how far to truncate; only SHA-256 allows it */
  addIntegrity(
    key: Uint8Array,
    algorithm: IntegrityAlgorithm,
    valueBytes: number = algorithm === 'sha256' ? INTEGRITY_SHA256_BYTES : INTEGRITY_BYTES,
  ): this {
    if (!isIntegritySize(valueBytes, algorithm)) throw new RangeError(`${algorithm} is not cut to ${valueBytes} bytes`);
    const stage = algorithm === 'sha256' ? Stage.sha256 : Stage.integrity;
    if (this.#stage === stage) throw new RangeError('the message has that integrity attribute');
    this.#enter(stage);
    const value = computeIntegrity(this.#writer.toBuffer(), key, algorithm, valueBytes);
    const at = this.#writer.length;
    this.#writer.u32(0).write(value);
    return this.#finishAttribute(at, integrityType(algorithm));
  }

  addFingerprint(): this {
    if (this.#stage === Stage.fingerprint) throw new RangeError('the message has a fingerprint');
    this.#enter(Stage.fingerprint);
    const at = this.#writer.length;
    // The length that the CRC covers counts the fingerprint itself.
    this.#patchLength(at + ATTRIBUTE_HEADER_BYTES + FINGERPRINT_BYTES);
    const value = fingerprintOf(this.#writer.toBuffer());
    this.#writer.u32(0).u32(value);
    return this.#finishAttribute(at, FINGERPRINT);
  }

  /** The message. The builder is of no use afterwards. */
  build(): Buffer {
    this.#patchLength(this.#writer.length);
    return this.#writer.toBuffer();
  }

  #enter(stage: number): void {
    if (stage < this.#stage) throw new RangeError('integrity and fingerprint come last');
    this.#stage = stage;
  }

  #finishAttribute(at: number, type: number): this {
    const length = this.#writer.length - at - ATTRIBUTE_HEADER_BYTES;
    if (length > 0xffff) throw new RangeError(`an attribute of ${length} bytes`);
    this.#writer.patchU32(at, type * 0x10000 + length).fill(0, paddedLength(length) - length);
    return this;
  }

  #patchLength(end: number): void {
    const length = end - STUN_HEADER_BYTES;
    if (length > MAX_STUN_LENGTH) throw new RangeError(`a message of ${end} bytes`);
    this.#writer.patchU32(0, this.#type * 0x10000 + length);
  }
}
