// Who connects, as limits count them.
import type { IncomingMessage } from 'node:http';
import { isIP, isIPv6 } from 'node:net';

/** How many 16-bit groups of an IPv6 address name a network: a single customer has a /64 to choose addresses from. */
const NETWORK_GROUPS = 4;
const MAPPED_IPV4 = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/**
 * The address of the client: of the connection, or, behind proxies, what the outermost trusted one has seen. What stands before
 * that in `X-Forwarded-For` anybody may have written.
 */
export function clientAddress(request: IncomingMessage, trustedProxies: number): string {
  const direct = plain(request.socket.remoteAddress ?? 'unknown');
  if (trustedProxies === 0) return direct;
  const header = request.headers['x-forwarded-for'];
  const seen = (Array.isArray(header) ? header.join(',') : (header ?? '')).split(',').map((text) => text.trim());
  const claimed = seen.at(-trustedProxies);
  return claimed !== undefined && isIP(claimed) !== 0 ? plain(claimed) : direct;
}

const plain = (address: string): string => MAPPED_IPV4.exec(address)?.[1] ?? address;

/** What limits count by: an IPv4 address, or the /64 network of an IPv6 one. */
export function clientNetwork(address: string): string {
  if (!isIPv6(address)) return address;
  const [head = '', tail] = address.split('%', 1)[0]!.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const missing = tail === undefined ? 0 : Math.max(0, 8 - before.length - after.length);
  const groups = [...before, ...Array.from({ length: missing }, () => '0'), ...after];
  const network = groups.slice(0, NETWORK_GROUPS).map((group) => Number.parseInt(group, 16).toString(16));
  return `${network.join(':')}::/64`;
}
