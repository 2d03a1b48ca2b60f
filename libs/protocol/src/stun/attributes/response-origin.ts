// RFC 5780 section 7.3: RESPONSE-ORIGIN.
import { addressAttribute } from './address-attribute.ts';

/** Where the response is sent from. */
export const ResponseOrigin = addressAttribute('RESPONSE-ORIGIN', 0x802b);
