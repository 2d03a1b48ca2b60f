// RFC 8445 section 16.1: USE-CANDIDATE.
import { flagAttribute } from './flag-attribute.ts';

/** The controlling agent chooses this candidate pair. */
export const UseCandidate = flagAttribute('USE-CANDIDATE', 0x0025);
