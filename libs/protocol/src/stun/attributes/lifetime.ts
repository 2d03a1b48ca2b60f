// RFC 8656 section 18.2: LIFETIME.
import { stunAttribute } from '../attribute.ts';

/** Seconds for which the server keeps the allocation without a Refresh. */
export const Lifetime = stunAttribute<number>(
  'LIFETIME',
  0x000d,
  (reader) => reader.u32(),
  (writer, seconds) => writer.u32(seconds),
);
