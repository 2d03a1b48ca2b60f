// Addresses as bytes: 4 of IPv4, 16 of IPv6. What is decided about an address is decided about these, never about a spelling.
import { isIP } from 'node:net';

export type IpBytes = Uint8Array;

export const IPV4_BYTES = 4;
export const IPV6_BYTES = 16;
const GROUPS = 8;

/** Reads what `isIP` takes for an address. @returns undefined when it is none, or carries a zone */
export function parseIp(text: string): IpBytes | undefined {
  switch (isIP(text)) {
    case 4:
      return Uint8Array.from(text.split('.'), Number);
    case 6:
      return text.includes('%') ? undefined : parseIpv6(text);
    default:
      return undefined;
  }
}

function parseIpv6(text: string): IpBytes {
  const [head = '', tail] = text.split('::');
  const before = groupsOf(head);
  const after = tail === undefined ? [] : groupsOf(tail);
  const zeros = Array.from({ length: GROUPS - before.length - after.length }, () => 0);
  const bytes = new Uint8Array(IPV6_BYTES);
  [...before, ...zeros, ...after].forEach((group, i) => bytes.set([group >> 8, group & 0xff], 2 * i));
  return bytes;
}

function groupsOf(text: string): number[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => {
    if (!group.includes('.')) return [Number.parseInt(group, 16)];
    const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number);
    return [(a << 8) | b, (c << 8) | d];
  });
}

/** As the runtime spells the addresses of packets that come in: RFC 5952 section 4, without dotted IPv4 in IPv6. */
export function formatIp(bytes: IpBytes): string {
  if (bytes.length === IPV4_BYTES) return `${bytes[0]}.${bytes[1]}.${bytes[2]}.${bytes[3]}`;
  const groups = Array.from({ length: GROUPS }, (_, i) => (bytes[2 * i]! << 8) | bytes[2 * i + 1]!);
  const { start, length } = longestZeros(groups);
  const hex = groups.map((group) => group.toString(16));
  if (length < 2) return hex.join(':');
  return `${hex.slice(0, start).join(':')}::${hex.slice(start + length).join(':')}`;
}

function longestZeros(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  for (let start = 0; start < GROUPS; start++) {
    let length = 0;
    while (groups[start + length] === 0) length++;
    if (length > best.length) best = { start, length };
    start += length;
  }
  return best;
}

const MAPPED_PREFIX = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff);

/** The address as people know it: IPv4 without the IPv6 that a dual-stack socket puts around it. */
export function unmapIp(text: string): string {
  if (!text.startsWith('::ffff:')) return text;
  const bytes = parseIp(text);
  if (bytes === undefined || !MAPPED_PREFIX.every((byte, i) => bytes[i] === byte)) return text;
  return formatIp(bytes.subarray(MAPPED_PREFIX.length));
}
