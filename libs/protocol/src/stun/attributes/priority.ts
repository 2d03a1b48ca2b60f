// RFC 8445 section 16.1: PRIORITY.
import { stunAttribute } from '../attribute.ts';

/** The priority that a peer-reflexive candidate found by this check would have. */
export const Priority = stunAttribute<number>(
  'PRIORITY',
  0x0024,
  (reader) => reader.u32(),
  (writer, priority) => writer.u32(priority),
);
