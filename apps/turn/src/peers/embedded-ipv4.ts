// The ways of writing an IPv4 address as an IPv6 one: what may reach the one may not reach the other by another name.
import { cidr, isInCidr } from './cidr.ts';
import type { Cidr } from './cidr.ts';
import type { IpBytes } from './ip-address.ts';
import { IPV6_BYTES } from './ip-address.ts';

interface Spelling {
  readonly range: Cidr;
  readonly carried: (address: IpBytes) => readonly IpBytes[];
}

const at = (offset: number) => (address: IpBytes) => [address.subarray(offset, offset + 4)];

const SPELLINGS: readonly Spelling[] = [
  // RFC 4291 section 2.5.5.1 and 2.5.5.2, RFC 2765 section 2.1, RFC 6052 section 2.1.
  { range: cidr('::/96'), carried: at(12) },
  { range: cidr('::ffff:0:0/96'), carried: at(12) },
  { range: cidr('::ffff:0:0:0/96'), carried: at(12) },
  { range: cidr('64:ff9b::/96'), carried: at(12) },
  // RFC 8215: a network may put any of the forms of RFC 6052 section 2.2 behind this prefix.
  { range: cidr('64:ff9b:1::/48'), carried: (address) => [...at(12)(address), aroundBits64(address)] },
  // RFC 3056 section 2.
  { range: cidr('2002::/16'), carried: at(2) },
  // RFC 4380 section 4: the server, and the client with every bit turned round.
  { range: cidr('2001::/32'), carried: (address) => [...at(4)(address), address.slice(12).map((byte) => ~byte)] },
];

/** RFC 6052 section 2.2, /48: two bytes, then the eight bits that stay zero, then the other two. */
const aroundBits64 = (address: IpBytes): IpBytes => Uint8Array.of(address[6]!, address[7]!, address[9]!, address[10]!);

/** RFC 5214 section 6.1: 00-00-5E-FE before the address, with or without the "universal" bit. */
const isIsatap = (address: IpBytes): boolean =>
  (address[8]! & 0xfc) === 0 && address[9] === 0 && address[10] === 0x5e && address[11] === 0xfe;

/** `::` and `::1` are addresses of their own, not 0.0.0.0 and 0.0.0.1 (RFC 4291 sections 2.5.2 and 2.5.3). */
const isUnspecifiedOrLoopback = (address: IpBytes): boolean =>
  address.every((byte, i) => byte === 0 || (i === IPV6_BYTES - 1 && byte === 1));

/** The IPv4 addresses that an IPv6 one may stand for; none for an ordinary one. */
export function embeddedIpv4(address: IpBytes): readonly IpBytes[] {
  if (address.length !== IPV6_BYTES || isUnspecifiedOrLoopback(address)) return [];
  const carried = SPELLINGS.filter(({ range }) => isInCidr(range, address)).flatMap((each) => each.carried(address));
  return isIsatap(address) ? [...carried, address.subarray(12)] : carried;
}
