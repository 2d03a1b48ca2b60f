// RFC 8656 section 18.5: XOR-RELAYED-ADDRESS.
import { xorAddressAttribute } from './xor-address-attribute.ts';

/** Where the server relays from. */
export const XorRelayedAddress = xorAddressAttribute('XOR-RELAYED-ADDRESS', 0x0016);
