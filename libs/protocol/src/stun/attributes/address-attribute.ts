// RFC 8489 section 14.1: the format that MAPPED-ADDRESS has, and all that are like it.
import type { ByteReader, ByteWriter } from '../../bytes/index.ts';
import { ProtocolError } from '../../bytes/index.ts';
import type { StunAttribute } from '../attribute.ts';
import { stunAttribute } from '../attribute.ts';
import { formatIpv4, formatIpv6, IPV4_BYTES, IPV6_BYTES, parseIpAddress } from '../ip-address.ts';

/** Where packets come from or go to, in the words of Node.js (`AddressInfo`, `RemoteInfo`). */
export interface TransportAddress {
  readonly family: 'IPv4' | 'IPv6';
  readonly address: string;
  readonly port: number;
}

export const AddressFamily = { ipv4: 0x01, ipv6: 0x02 } as const;

/** An attribute that holds one address as it is. */
export function addressAttribute(name: string, type: number): StunAttribute<TransportAddress> {
  return stunAttribute(name, type, readAddress, (writer, value) => {
    const bytes = bytesOf(value);
    writeFamily(writer, bytes).u16(value.port).write(bytes);
  });
}

/** A zero byte, the family, and the port. */
export function readFamily(reader: ByteReader): TransportAddress['family'] {
  reader.skip(1);
  const family = reader.u8();
  if (family === AddressFamily.ipv4) return 'IPv4';
  if (family === AddressFamily.ipv6) return 'IPv6';
  throw new ProtocolError('stun.address.family', reader.place, `family ${family}`);
}

export function writeFamily(writer: ByteWriter, bytes: Uint8Array): ByteWriter {
  return writer.u8(0).u8(bytes.length === IPV4_BYTES ? AddressFamily.ipv4 : AddressFamily.ipv6);
}

/** @throws RangeError when the text is no address of that family: a defect of the caller */
export function bytesOf({ family, address }: TransportAddress): Buffer {
  const bytes = parseIpAddress(address);
  if (bytes?.length !== (family === 'IPv4' ? IPV4_BYTES : IPV6_BYTES)) throw new RangeError(`no ${family}: ${address}`);
  return bytes;
}

function readAddress(reader: ByteReader): TransportAddress {
  const family = readFamily(reader);
  const port = reader.u16();
  const address = family === 'IPv4' ? formatIpv4(reader.take(IPV4_BYTES)) : formatIpv6(reader.take(IPV6_BYTES));
  return { family, address, port };
}
