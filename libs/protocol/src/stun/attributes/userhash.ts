// RFC 8489 section 14.4: USERHASH.
import { stunAttribute } from '../attribute.ts';
import { USERHASH_BYTES } from '../credentials.ts';
import { fixedBytes } from './fixed-bytes.ts';

/** SHA-256 of user name and realm, instead of USERNAME (`userhash`). A view when read. */
export const Userhash = stunAttribute<Uint8Array>('USERHASH', 0x001e, ...fixedBytes(USERHASH_BYTES));
