// RFC 5780 section 7.4: OTHER-ADDRESS.
import { addressAttribute } from './address-attribute.ts';

/** Where the server would answer from if both address and port were to change. */
export const OtherAddress = addressAttribute('OTHER-ADDRESS', 0x802c);
