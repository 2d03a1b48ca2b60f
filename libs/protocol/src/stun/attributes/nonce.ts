// RFC 8489 section 14.10: NONCE.
import { MAX_TEXT_BYTES, MAX_TEXT_BYTES_READ, textAttribute } from './text-attribute.ts';

/** What the server gave out to be sent back; may begin with a nonce cookie. */
export const Nonce = textAttribute('NONCE', 0x0015, {
  min: 1,
  maxWritten: MAX_TEXT_BYTES,
  maxRead: MAX_TEXT_BYTES_READ,
});
