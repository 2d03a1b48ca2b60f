// RFC 8489 section 14.9: REALM.
import { MAX_TEXT_BYTES, MAX_TEXT_BYTES_READ, textAttribute } from './text-attribute.ts';

/** The domain in which user name and password are valid; never empty. */
export const Realm = textAttribute('REALM', 0x0014, {
  min: 1,
  maxWritten: MAX_TEXT_BYTES,
  maxRead: MAX_TEXT_BYTES_READ,
});
