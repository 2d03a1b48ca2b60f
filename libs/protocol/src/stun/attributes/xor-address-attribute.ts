// RFC 8489 section 14.2: the format that XOR-MAPPED-ADDRESS has, and all that are like it.
import type { AttributeContext, StunAttribute } from '../attribute.ts';
import { stunAttribute } from '../attribute.ts';
import { MAGIC_COOKIE } from '../header.ts';
import { formatIpv4, formatIpv6, IPV4_BYTES, IPV6_BYTES } from '../ip-address.ts';
import type { TransportAddress } from './address-attribute.ts';
import { bytesOf, readFamily, writeFamily } from './address-attribute.ts';

const PORT_MASK = MAGIC_COOKIE >>> 16;
const COOKIE = Buffer.from([0x21, 0x12, 0xa4, 0x42]);

/** An attribute that hides its address from NATs that would rewrite it. */
export function xorAddressAttribute(name: string, type: number): StunAttribute<TransportAddress> {
  return stunAttribute<TransportAddress>(
    name,
    type,
    (reader, context) => {
      const family = readFamily(reader);
      const port = reader.u16() ^ PORT_MASK;
      const bytes = Buffer.alloc(family === 'IPv4' ? IPV4_BYTES : IPV6_BYTES);
      for (let i = 0; i < bytes.length; i++) bytes[i] = reader.u8();
      mask(bytes, context);
      return { family, address: family === 'IPv4' ? formatIpv4(bytes) : formatIpv6(bytes), port };
    },
    (writer, value, context) => {
      const bytes = bytesOf(value);
      mask(bytes, context);
      writeFamily(writer, bytes)
        .u16(value.port ^ PORT_MASK)
        .write(bytes);
    },
  );
}

/** The magic cookie masks the first four bytes, the transaction id what an IPv6 address has beyond. */
function mask(bytes: Uint8Array, context: AttributeContext): void {
  for (let i = 0; i < COOKIE.length; i++) bytes[i]! ^= COOKIE[i]!;
  if (bytes.length === IPV4_BYTES) return;
  const { transactionId } = context;
  for (let i = 0; i < transactionId.length; i++) bytes[COOKIE.length + i]! ^= transactionId[i]!;
}
