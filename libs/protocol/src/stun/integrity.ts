// RFC 8489 sections 14.5 and 14.6: MESSAGE-INTEGRITY and MESSAGE-INTEGRITY-SHA256.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { ProtocolError } from '../bytes/index.ts';
import { MESSAGE_INTEGRITY, MESSAGE_INTEGRITY_SHA256 } from './attribute-type.ts';
import { ATTRIBUTE_HEADER_BYTES, COOKIE_OFFSET, LENGTH_OFFSET, STUN_HEADER_BYTES } from './header.ts';
import type { StunMessage } from './message.ts';

export type IntegrityAlgorithm = 'sha1' | 'sha256';

export const INTEGRITY_BYTES = 20;
export const INTEGRITY_SHA256_BYTES = 32;
/** Section 14.6: usages may allow to truncate it, but not further than this, and to multiples of four only. */
const MIN_INTEGRITY_SHA256_BYTES = 16;

export const integrityType = (algorithm: IntegrityAlgorithm): number =>
  algorithm === 'sha256' ? MESSAGE_INTEGRITY_SHA256 : MESSAGE_INTEGRITY;

/**
 * The HMAC over the bytes before the attribute, with a message length that ends behind the attribute.
 * @param head header and attributes before the integrity attribute
 * @param valueBytes the size of the value: of a truncated one, as it is
 */
export function computeIntegrity(
  head: Uint8Array,
  key: Uint8Array,
  algorithm: IntegrityAlgorithm,
  valueBytes: number,
): Buffer {
  const start = Buffer.from(head.subarray(0, COOKIE_OFFSET));
  start.writeUInt16BE(head.length - STUN_HEADER_BYTES + ATTRIBUTE_HEADER_BYTES + valueBytes, LENGTH_OFFSET);
  return createHmac(algorithm, key).update(start).update(head.subarray(COOKIE_OFFSET)).digest().subarray(0, valueBytes);
}

/** The stronger of the integrity attributes that the message has. */
export function integrityAlgorithm(message: StunMessage): IntegrityAlgorithm | undefined {
  if (message.offsetOf(MESSAGE_INTEGRITY_SHA256) >= 0) return 'sha256';
  return message.offsetOf(MESSAGE_INTEGRITY) >= 0 ? 'sha1' : undefined;
}

/**
 * Whether the message has that integrity attribute and `key` made it; by default the stronger of those it has, so that
 * an attacker gains nothing by adding the weaker. Takes the same time for every wrong value.
 * @param minSha256Bytes below 32 only where the usage allows truncation; neither TURN nor ICE does
 * @throws ProtocolError `stun.integrity.length` when the attribute has a size that none may have
 */
export function verifyIntegrity(
  message: StunMessage,
  key: Uint8Array,
  algorithm: IntegrityAlgorithm | undefined = integrityAlgorithm(message),
  minSha256Bytes = INTEGRITY_SHA256_BYTES,
): boolean {
  if (algorithm === undefined) return false;
  const at = message.offsetOf(integrityType(algorithm));
  if (at < 0) return false;
  const size = message.bytes.readUInt16BE(at + 2);
  if (!isIntegritySize(size, algorithm) || (algorithm === 'sha256' && size < minSha256Bytes)) {
    throw new ProtocolError('stun.integrity.length', 'stun/message-integrity', `${size} bytes for ${algorithm}`);
  }
  const from = at + ATTRIBUTE_HEADER_BYTES;
  const expected = computeIntegrity(message.bytes.subarray(0, at), key, algorithm, size);
  return timingSafeEqual(expected, message.bytes.subarray(from, from + size));
}

export function isIntegritySize(size: number, algorithm: IntegrityAlgorithm): boolean {
  if (algorithm === 'sha1') return size === INTEGRITY_BYTES;
  return size >= MIN_INTEGRITY_SHA256_BYTES && size <= INTEGRITY_SHA256_BYTES && size % 4 === 0;
}
