// RFC 6062 section 6.2.1: CONNECTION-ID.
import { stunAttribute } from '../attribute.ts';

/** 32 bits that name a connection to a peer, for ConnectionBind. */
export const ConnectionId = stunAttribute<number>(
  'CONNECTION-ID',
  0x002a,
  (reader) => reader.u32(),
  (writer, id) => writer.u32(id),
);
