// RFC 8016 section 3.3: MOBILITY-TICKET.
import { stunAttribute } from '../attribute.ts';

/** What names an allocation to a client whose address changed; empty in the request for one. A view when read. */
export const MobilityTicket = stunAttribute<Uint8Array>(
  'MOBILITY-TICKET',
  0x8030,
  (reader) => reader.rest(),
  (writer, ticket) => writer.write(ticket),
);
