// RFC 8656 section 18.6: REQUESTED-ADDRESS-FAMILY.
import { addressFamilyAttribute } from './address-family.ts';

/** The one family that the relayed address shall have. */
export const RequestedAddressFamily = addressFamilyAttribute('REQUESTED-ADDRESS-FAMILY', 0x0017);
