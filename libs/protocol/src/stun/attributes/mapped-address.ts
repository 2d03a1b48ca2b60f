// RFC 8489 section 14.1: MAPPED-ADDRESS.
import { addressAttribute } from './address-attribute.ts';

/** For clients of RFC 3489 only; XOR-MAPPED-ADDRESS has taken its place. */
export const MappedAddress = addressAttribute('MAPPED-ADDRESS', 0x0001);
