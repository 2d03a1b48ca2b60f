// RFC 5780 section 7.6: PADDING.
import { stunAttribute } from '../attribute.ts';

/** How many bytes of no meaning make the datagram so long that it is fragmented; they are zeros when written. */
export const Padding = stunAttribute<number>(
  'PADDING',
  0x0026,
  (reader) => reader.rest().length,
  (writer, size) => writer.fill(0, size),
);
