// RFC 8489 section 14.5: MESSAGE-INTEGRITY.
import { stunAttribute } from '../attribute.ts';
import { MESSAGE_INTEGRITY } from '../attribute-type.ts';
import { INTEGRITY_BYTES } from '../integrity.ts';
import { fixedBytes } from './fixed-bytes.ts';

/** The HMAC as received. Written by `MessageBuilder.addIntegrity`, judged by `verifyIntegrity`. */
export const MessageIntegrity = stunAttribute<Uint8Array>(
  'MESSAGE-INTEGRITY',
  MESSAGE_INTEGRITY,
  ...fixedBytes(INTEGRITY_BYTES),
);
