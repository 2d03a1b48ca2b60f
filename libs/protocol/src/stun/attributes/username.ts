// RFC 8489 section 14.3: USERNAME.
import { textAttribute } from './text-attribute.ts';

/** "a UTF-8-encoded sequence of fewer than 509 bytes" */
export const MAX_USERNAME_BYTES = 508;

export const Username = textAttribute('USERNAME', 0x0006, {
  min: 1,
  maxWritten: MAX_USERNAME_BYTES,
  maxRead: MAX_USERNAME_BYTES,
});
