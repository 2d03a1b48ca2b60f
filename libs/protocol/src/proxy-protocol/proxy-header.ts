// The PROXY protocol (HAProxy, doc/proxy-protocol.txt) section 2.2, version 2: who is behind a connection that a balancer opened.
import { ByteReader, ProtocolError } from '../bytes/index.ts';
import { formatIpv4, formatIpv6, IPV4_BYTES, IPV6_BYTES } from '../stun/ip-address.ts';
import { crc32c } from './crc32c.ts';

export const PROXY_SIGNATURE = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');
/** Signature, version and command, family, length. */
export const PROXY_PREFIX_BYTES = 16;

const VERSION = 2;
const COMMAND_LOCAL = 0;
const COMMAND_PROXY = 1;
const TLV_CRC32C = 3;
const CRC_BYTES = 4;

export interface ProxyEndpoint {
  readonly address: string;
  readonly port: number;
}

export type ProxyHeader =
  /** The balancer speaks for itself, as for a health check: the connection's own addresses count. */
  | { readonly command: 'local' }
  /** A client is behind it; undefined when the balancer does not say which, or not by an address of TCP. */
  | { readonly command: 'proxy'; readonly source: ProxyEndpoint | undefined; readonly destination?: ProxyEndpoint };

type AddressFormat = 'ipv4' | 'ipv6' | 'none';

interface Family {
  readonly format: AddressFormat;
  /** Of the address block; undefined: TLVs cannot be told from it. */
  readonly bytes: number | undefined;
}

/** Only UNSPEC is mandatory; a receiver falls back to it for the others that it does not use. */
const FAMILIES: Readonly<Record<number, Family>> = {
  0x00: { format: 'none', bytes: undefined },
  0x11: { format: 'ipv4', bytes: 12 },
  0x12: { format: 'none', bytes: 12 },
  0x21: { format: 'ipv6', bytes: 36 },
  0x22: { format: 'none', bytes: 36 },
  0x31: { format: 'none', bytes: 216 },
  0x32: { format: 'none', bytes: 216 },
};

/** How long the whole header is. @param prefix its first 16 bytes @throws ProtocolError when there is no version 2 header */
export function proxyHeaderBytes(prefix: Buffer): number {
  const reader = new ByteReader(prefix, 'proxy/prefix');
  if (!reader.take(PROXY_SIGNATURE.length).equals(PROXY_SIGNATURE)) {
    throw new ProtocolError('proxy.signature', 'proxy/prefix', 'the connection does not begin with a version 2 header');
  }
  const version = reader.u8() >> 4;
  if (version !== VERSION) throw new ProtocolError('proxy.version', 'proxy/prefix', `version ${version}, not 2`);
  reader.skip(1);
  return PROXY_PREFIX_BYTES + reader.u16();
}

/** @param bytes the whole header, as long as `proxyHeaderBytes` says. @throws ProtocolError */
export function decodeProxyHeader(bytes: Buffer): ProxyHeader {
  const length = proxyHeaderBytes(bytes);
  const reader = new ByteReader(bytes, 'proxy/header', PROXY_SIGNATURE.length);
  const command = reader.u8() & 0x0f;
  const familyCode = reader.u8();
  reader.skip(2);
  reader.need(length - PROXY_PREFIX_BYTES);
  // "the receiver must accept this connection as valid and must use the real connection endpoints and discard the protocol block".
  if (command === COMMAND_LOCAL) return { command: 'local' };
  if (command !== COMMAND_PROXY) throw new ProtocolError('proxy.command', 'proxy/header', `command ${command}`);
  const family = FAMILIES[familyCode];
  if (family === undefined)
    throw new ProtocolError('proxy.family', 'proxy/header', `family and protocol ${familyCode}`);
  const header = readAddresses(reader, family);
  if (family.bytes !== undefined) checkTlvs(bytes.subarray(0, length), PROXY_PREFIX_BYTES + family.bytes);
  return header;
}

function readAddresses(reader: ByteReader, { format, bytes = 0 }: Family): ProxyHeader {
  reader.place = 'proxy/addresses';
  reader.need(bytes);
  if (format === 'none') return { command: 'proxy', source: undefined };
  const size = format === 'ipv4' ? IPV4_BYTES : IPV6_BYTES;
  const formatAddress = format === 'ipv4' ? formatIpv4 : formatIpv6;
  const [source, destination] = [formatAddress(reader.take(size)), formatAddress(reader.take(size))];
  return {
    command: 'proxy',
    source: { address: source, port: reader.u16() },
    destination: { address: destination, port: reader.u16() },
  };
}

/** All are skipped but the checksum: "If it is not [the same], the receiver MUST treat the TCP connection … as invalid." */
function checkTlvs(header: Buffer, start: number): void {
  const reader = new ByteReader(header, 'proxy/tlv', start);
  let checked = false;
  while (reader.remaining > 0) {
    const type = reader.u8();
    const size = reader.u16();
    const at = reader.offset;
    reader.skip(size);
    if (type !== TLV_CRC32C) continue;
    if (checked || size !== CRC_BYTES)
      throw new ProtocolError('proxy.crc', 'proxy/tlv/crc32c', 'no one checksum of 4 bytes');
    checked = true;
    const zeroed = Buffer.from(header);
    zeroed.fill(0, at, at + CRC_BYTES);
    if (crc32c(zeroed) !== header.readUInt32BE(at)) {
      throw new ProtocolError('proxy.crc', 'proxy/tlv/crc32c', 'the checksum is not that of the header');
    }
  }
}
