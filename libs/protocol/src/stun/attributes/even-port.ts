// RFC 8656 section 18.7: EVEN-PORT.
import { stunAttribute } from '../attribute.ts';

const RESERVE = 0x80;

/** The relayed port shall be even, and the one above it reserved. */
export const EvenPort = stunAttribute<{ readonly reserveNext: boolean }>(
  'EVEN-PORT',
  0x0018,
  (reader) => ({ reserveNext: (reader.u8() & RESERVE) !== 0 }),
  (writer, { reserveNext }) => writer.u8(reserveNext ? RESERVE : 0),
);
