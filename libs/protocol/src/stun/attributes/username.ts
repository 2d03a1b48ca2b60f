// RFC 8489 section 14.3: USERNAME.
import { MAX_TEXT_BYTES_READ, textAttribute } from './text-attribute.ts';

/** "a UTF-8-encoded sequence of fewer than 509 bytes" */
export const MAX_USERNAME_BYTES = 508;

/** "MUST be able to parse a UTF-8-encoded sequence of 763 or fewer octets to be compatible with RFC 5389" */
export const Username = textAttribute('USERNAME', 0x0006, {
  min: 1,
  maxWritten: MAX_USERNAME_BYTES,
  maxRead: MAX_TEXT_BYTES_READ,
});
