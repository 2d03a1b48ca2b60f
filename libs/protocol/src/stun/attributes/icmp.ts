// RFC 8656 section 18.13: ICMP.
import { stunAttribute } from '../attribute.ts';

export interface IcmpReport {
  /** 7 bits: types of errors are all below 128. */
  readonly type: number;
  /** 9 bits. */
  readonly code: number;
  /** The MTU of the next hop where a packet was too big, 0 otherwise. */
  readonly errorData: number;
}

/** What came back for a packet to the peer, in a Data indication. */
export const Icmp = stunAttribute<IcmpReport>(
  'ICMP',
  0x8004,
  (reader) => {
    reader.skip(2);
    const typeAndCode = reader.u16();
    return { type: typeAndCode >> 9, code: typeAndCode & 0x1ff, errorData: reader.u32() };
  },
  (writer, { type, code, errorData }) => {
    if (type > 0x7f || code > 0x1ff) throw new RangeError(`ICMP type ${type}, code ${code}`);
    writer
      .u16(0)
      .u16((type << 9) | code)
      .u32(errorData);
  },
);
