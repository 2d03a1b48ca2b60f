// RFC 8656 section 18.9: DONT-FRAGMENT.
import { flagAttribute } from './flag-attribute.ts';

/** The DF bit shall be set in what goes to the peer. */
export const DontFragment = flagAttribute('DONT-FRAGMENT', 0x001a);
