// RFC 8489 section 14.15: ALTERNATE-SERVER.
import { addressAttribute } from './address-attribute.ts';

/** The server to try instead, with error 300. */
export const AlternateServer = addressAttribute('ALTERNATE-SERVER', 0x8023);
