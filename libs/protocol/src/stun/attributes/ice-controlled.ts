// RFC 8445 section 16.1: ICE-CONTROLLED.
import { stunAttribute } from '../attribute.ts';

/** The sender believes itself in the controlled role; the number decides when both believe the same. */
export const IceControlled = stunAttribute<bigint>(
  'ICE-CONTROLLED',
  0x8029,
  (reader) => reader.u64(),
  (writer, tieBreaker) => writer.u64(tieBreaker),
);
