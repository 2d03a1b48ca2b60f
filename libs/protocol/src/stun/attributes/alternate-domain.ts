// RFC 8489 section 14.16: ALTERNATE-DOMAIN.
import { textAttribute } from './text-attribute.ts';

/** "255 or fewer ASCII characters" */
export const MAX_DOMAIN_BYTES = 255;

/** The name in the certificate of the server of ALTERNATE-SERVER. */
export const AlternateDomain = textAttribute('ALTERNATE-DOMAIN', 0x8003, {
  min: 1,
  maxWritten: MAX_DOMAIN_BYTES,
  maxRead: MAX_DOMAIN_BYTES,
});
