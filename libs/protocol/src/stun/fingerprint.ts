// RFC 8489 section 14.7: FINGERPRINT.
import { crc32 } from 'node:zlib';
import { FINGERPRINT } from './attribute-type.ts';
import { ATTRIBUTE_HEADER_BYTES } from './header.ts';
import type { StunMessage } from './message.ts';

export const FINGERPRINT_BYTES = 4;
/** "STUN", so that a CRC of the protocol beneath is not mistaken for this one. */
const FINGERPRINT_XOR = 0x5354554e;

/** @param head the message up to the attribute; its length counts the attribute already */
export function fingerprintOf(head: Uint8Array): number {
  return (crc32(head) ^ FINGERPRINT_XOR) >>> 0;
}

/** Whether the message has a FINGERPRINT, and the right one. */
export function hasValidFingerprint(message: StunMessage): boolean {
  const at = message.offsetOf(FINGERPRINT);
  if (at < 0 || message.bytes.readUInt16BE(at + 2) !== FINGERPRINT_BYTES) return false;
  return message.bytes.readUInt32BE(at + ATTRIBUTE_HEADER_BYTES) === fingerprintOf(message.bytes.subarray(0, at));
}
