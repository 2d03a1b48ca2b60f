// RFC 8489 section 14.13: UNKNOWN-ATTRIBUTES.
import { stunAttribute } from '../attribute.ts';

/** The types that made the server answer 420. */
export const UnknownAttributes = stunAttribute<readonly number[]>(
  'UNKNOWN-ATTRIBUTES',
  0x000a,
  (reader) => {
    const types: number[] = [];
    while (reader.remaining > 0) types.push(reader.u16());
    return types;
  },
  (writer, types) => {
    for (const type of types) writer.u16(type);
  },
);
