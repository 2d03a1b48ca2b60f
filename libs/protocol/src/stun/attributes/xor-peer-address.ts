// RFC 8656 section 18.3: XOR-PEER-ADDRESS.
import { xorAddressAttribute } from './xor-address-attribute.ts';

/** A peer, as the server sees it. */
export const XorPeerAddress = xorAddressAttribute('XOR-PEER-ADDRESS', 0x0012);
