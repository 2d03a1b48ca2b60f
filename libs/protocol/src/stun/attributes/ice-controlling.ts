// RFC 8445 section 16.1: ICE-CONTROLLING.
import { stunAttribute } from '../attribute.ts';

/** The sender believes itself in the controlling role; the number decides when both believe the same. */
export const IceControlling = stunAttribute<bigint>(
  'ICE-CONTROLLING',
  0x802a,
  (reader) => reader.u64(),
  (writer, tieBreaker) => writer.u64(tieBreaker),
);
