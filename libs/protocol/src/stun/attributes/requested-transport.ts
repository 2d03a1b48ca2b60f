// RFC 8656 section 18.8: REQUESTED-TRANSPORT.
import { stunAttribute } from '../attribute.ts';

/** Protocol numbers of IANA. TCP is asked for by RFC 6062 section 4.1. */
export const TransportProtocol = { tcp: 6, udp: 17 } as const;

/** The protocol number that the relayed address shall have. */
export const RequestedTransport = stunAttribute<number>(
  'REQUESTED-TRANSPORT',
  0x0019,
  (reader) => {
    const protocol = reader.u8();
    reader.skip(3);
    return protocol;
  },
  (writer, protocol) => writer.u8(protocol).u24(0),
);
