import { isIPv6 } from 'node:net';

/** How many 16-bit groups of an IPv6 address name a network: a single customer has a /64 to choose addresses from. */
const NETWORK_GROUPS = 4;
const MAPPED_IPV4 = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/** The address as people know it: IPv4 without the IPv6 around it. */
export function peerAddress(remoteAddress: string | undefined): string {
  if (remoteAddress === undefined) return 'unknown';
  return MAPPED_IPV4.exec(remoteAddress)?.[1] ?? remoteAddress;
}

/** What limits per address count by: an IPv4 address, or the /64 network of an IPv6 one. */
export function peerNetwork(address: string): string {
  if (!isIPv6(address)) return address;
  const [head = '', tail] = address.split('%', 1)[0]!.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const missing = tail === undefined ? 0 : Math.max(0, 8 - before.length - after.length);
  const groups = [...before, ...Array.from({ length: missing }, () => '0'), ...after];
  return `${groups
    .slice(0, NETWORK_GROUPS)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}
