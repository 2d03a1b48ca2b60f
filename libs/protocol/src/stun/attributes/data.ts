// RFC 8656 section 18.4: DATA.
import { stunAttribute } from '../attribute.ts';

/** What goes to the peer or comes from it; a view of the message. May be empty. */
export const Data = stunAttribute<Uint8Array>(
  'DATA',
  0x0013,
  (reader) => reader.rest(),
  (writer, data) => writer.write(data),
);
