// RFC 4291 section 2.2 and RFC 5952: IP addresses as text and as bytes.

export const IPV4_BYTES = 4;
export const IPV6_BYTES = 16;
const IPV6_GROUPS = 8;

const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;

/** `192.0.2.1` */
export function formatIpv4(bytes: Uint8Array, at = 0): string {
  return `${bytes[at]!}.${bytes[at + 1]!}.${bytes[at + 2]!}.${bytes[at + 3]!}`;
}

/** `2001:db8::1`, with the last four bytes in decimal where Node.js writes them so. */
export function formatIpv6(bytes: Uint8Array, at = 0): string {
  const groups = Array.from({ length: IPV6_GROUPS }, (_, i) => (bytes[at + 2 * i]! << 8) | bytes[at + 2 * i + 1]!);
  const zeros = longestZeros(groups);
  if (embedsIpv4(groups, zeros)) {
    return `${groups[5] === 0xffff ? '::ffff:' : '::'}${formatIpv4(bytes, at + IPV6_BYTES - IPV4_BYTES)}`;
  }
  if (zeros.length < 2) return groups.map(hexOf).join(':');
  const head = groups.slice(0, zeros.from).map(hexOf).join(':');
  return `${head}::${groups
    .slice(zeros.from + zeros.length)
    .map(hexOf)
    .join(':')}`;
}

/** The 4 or 16 bytes of an address, or undefined when it is none. The zone of `fe80::1%eth0` is left out. */
export function parseIpAddress(text: string): Buffer | undefined {
  return text.includes(':') ? parseIpv6(text) : parseIpv4(text);
}

interface Run {
  readonly from: number;
  readonly length: number;
}

const hexOf = (group: number): string => group.toString(16);

/** RFC 5952 section 4.2.3: the longest run of zeros is shortened, the first of equal ones. */
function longestZeros(groups: readonly number[]): Run {
  let best: Run = { from: 0, length: 0 };
  let length = 0;
  groups.forEach((group, i) => {
    length = group === 0 ? length + 1 : 0;
    if (length > best.length) best = { from: i + 1 - length, length };
  });
  return best;
}

/** IPv4-mapped and IPv4-compatible addresses, as Node.js tells them from `::1` and `::ffff`. */
function embedsIpv4(groups: readonly number[], zeros: Run): boolean {
  if (zeros.from !== 0) return false;
  if (zeros.length === 5) return groups[5] === 0xffff;
  return zeros.length === 6;
}

/** By characters, since relays do this for each packet. */
function parseIpv4(text: string): Buffer | undefined {
  const bytes = Buffer.alloc(IPV4_BYTES);
  let index = 0;
  let value = -1;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === DOT) {
      if (value < 0 || index === IPV4_BYTES - 1) return undefined;
      bytes[index++] = value;
      value = -1;
    } else {
      // No leading zeros: some readers take them for octal.
      if (code < ZERO || code > NINE || value === 0) return undefined;
      value = Math.max(value, 0) * 10 + code - ZERO;
      if (value > 255) return undefined;
    }
  }
  if (value < 0 || index !== IPV4_BYTES - 1) return undefined;
  bytes[index] = value;
  return bytes;
}

function parseIpv6(text: string): Buffer | undefined {
  const zone = text.indexOf('%');
  const halves = (zone < 0 ? text : text.slice(0, zone)).split('::', 3);
  if (halves.length > 2) return undefined;
  const head = parseGroups(halves[0]!, halves.length === 1);
  const tail = halves.length === 1 ? [] : parseGroups(halves[1]!, true);
  if (head === undefined || tail === undefined) return undefined;
  const missing = IPV6_BYTES - head.length - tail.length;
  // `::` stands for one group of zeros at least.
  if (halves.length === 1 ? missing !== 0 : missing < 2) return undefined;
  return Buffer.from([...head, ...new Array<number>(missing).fill(0), ...tail]);
}

/** The bytes of groups between colons; the last may be an IPv4 address when it ends the text. */
function parseGroups(text: string, isEnd: boolean): number[] | undefined {
  if (text === '') return [];
  const bytes: number[] = [];
  const parts = text.split(':', IPV6_GROUPS + 1);
  for (const [i, part] of parts.entries()) {
    if (isEnd && i === parts.length - 1 && part.includes('.')) {
      const ipv4 = parseIpv4(part);
      if (ipv4 === undefined) return undefined;
      bytes.push(...ipv4);
    } else {
      if (!/^[0-9a-f]{1,4}$/i.test(part)) return undefined;
      const group = Number.parseInt(part, 16);
      bytes.push(group >> 8, group & 0xff);
    }
  }
  return bytes.length > IPV6_BYTES ? undefined : bytes;
}
