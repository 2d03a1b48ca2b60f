// RFC 8489 section 14.2: XOR-MAPPED-ADDRESS.
import { xorAddressAttribute } from './xor-address-attribute.ts';

/** Where the request came from, as the server saw it. */
export const XorMappedAddress = xorAddressAttribute('XOR-MAPPED-ADDRESS', 0x0020);
