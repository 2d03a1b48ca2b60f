// RFC 8656 section 18.11: ADDITIONAL-ADDRESS-FAMILY.
import { addressFamilyAttribute } from './address-family.ts';

/** A second relayed address of this family is wanted; only IPv6 may be asked for. */
export const AdditionalAddressFamily = addressFamilyAttribute('ADDITIONAL-ADDRESS-FAMILY', 0x8000);
