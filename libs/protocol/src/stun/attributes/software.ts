// RFC 8489 section 14.14: SOFTWARE.
import { MAX_TEXT_BYTES, MAX_TEXT_BYTES_READ, textAttribute } from './text-attribute.ts';

/** What sent the message, for people. Servers had better not say. */
export const Software = textAttribute('SOFTWARE', 0x8022, {
  min: 0,
  maxWritten: MAX_TEXT_BYTES,
  maxRead: MAX_TEXT_BYTES_READ,
});
