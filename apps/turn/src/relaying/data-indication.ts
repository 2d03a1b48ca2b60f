// RFC 8656 section 11.3: the part of a Data indication before the data, so that the data need not be copied.
import { Data, MessageBuilder, StunClass, StunMethod, XorPeerAddress } from '@millrace/protocol/stun';
import type { TransportAddress } from '@millrace/protocol/stun';

const ATTRIBUTE_HEADER_BYTES = 4;
const STUN_HEADER_BYTES = 20;
const LENGTH_OFFSET = 2;
/** An IPv6 address in its attribute. */
const MAX_HEAD_BYTES = 48;

/** @param length of the data, which follows, padded to four bytes with zeros */
export function dataIndicationHead(
  family: TransportAddress['family'],
  address: string,
  port: number,
  length: number,
): Buffer {
  const builder = new MessageBuilder(StunClass.indication, StunMethod.data, undefined, MAX_HEAD_BYTES);
  builder.add(XorPeerAddress, { family, address, port });
  const start = builder.build();
  const head = Buffer.concat([start, Buffer.of(Data.type >> 8, Data.type & 0xff, length >> 8, length & 0xff)]);
  const total =
    head.length - STUN_HEADER_BYTES + ((length + ATTRIBUTE_HEADER_BYTES - 1) & ~(ATTRIBUTE_HEADER_BYTES - 1));
  head.writeUInt16BE(total, LENGTH_OFFSET);
  return head;
}
