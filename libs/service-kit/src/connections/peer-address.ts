import { isIPv4, isIPv6 } from 'node:net';

/** How many 16-bit groups of an IPv6 address name a network: a single customer has a /64 to choose addresses from. */
const NETWORK_GROUPS = 4;
/** How many name a site: what a provider gives to one customer, or more. */
const SITE_GROUPS = 3;
const MAPPED_IPV4 = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/** The address as people know it: IPv4 without the IPv6 around it. */
export function peerAddress(remoteAddress: string | undefined): string {
  if (remoteAddress === undefined) return 'unknown';
  return MAPPED_IPV4.exec(remoteAddress)?.[1] ?? remoteAddress;
}

/** What limits per address count by: an IPv4 address, or the /64 network of an IPv6 one. */
export function peerNetwork(address: string): string {
  if (!isIPv6(address)) return address;
  return `${networkGroups(address, NETWORK_GROUPS)}::/64`;
}

/** What is kept of an address that is not to be kept whole: the /24 network of IPv4, the /48 network of IPv6. */
export function shortenedAddress(address: string): string {
  if (isIPv4(address)) return address.replace(/\d+$/, '0/24');
  return isIPv6(address) ? `${networkGroups(address, SITE_GROUPS)}::/48` : 'unknown';
}

function networkGroups(address: string, count: number): string {
  const [head = '', tail] = address.split('%', 1)[0]!.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const missing = tail === undefined ? 0 : Math.max(0, 8 - before.length - after.length);
  const groups = [...before, ...Array.from({ length: missing }, () => '0'), ...after];
  return groups
    .slice(0, count)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
}
