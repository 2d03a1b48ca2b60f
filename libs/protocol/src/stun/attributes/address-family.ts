// RFC 8656 section 18.6: the format that REQUESTED-ADDRESS-FAMILY has, and ADDITIONAL-ADDRESS-FAMILY too.
import type { StunAttribute } from '../attribute.ts';
import { stunAttribute } from '../attribute.ts';

/** Any 8 bits: for others than `AddressFamily` the request is answered with 440, not refused as malformed. */
export function addressFamilyAttribute(name: string, type: number): StunAttribute<number> {
  return stunAttribute<number>(
    name,
    type,
    (reader) => {
      const family = reader.u8();
      // "the 24 bits in the Reserved field MUST be set to zero by the client and MUST be ignored by the server."
      reader.skip(3);
      return family;
    },
    (writer, family) => writer.u8(family).u24(0),
  );
}
