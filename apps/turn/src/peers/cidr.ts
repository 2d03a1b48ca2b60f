// Ranges of addresses: a prefix and how many of its bits count.
import { parseIpAddress } from '@millrace/protocol/stun';
import { parseAddressRange } from '@millrace/service-kit';
import type { IpBytes } from './ip-address.ts';

export interface Cidr {
  readonly prefix: IpBytes;
  readonly bits: number;
}

/** Reads `10.0.0.0/8`, or a single address. @returns undefined when it is malformed, or has bits set behind the prefix */
export function parseCidr(text: string): Cidr | undefined {
  const range = parseAddressRange(text);
  if (range === undefined) return undefined;
  const prefix = parseIpAddress(range.address);
  if (prefix === undefined) return undefined;
  const cidr = { prefix, bits: range.bits };
  return hasOnlyPrefixBits(cidr) ? cidr : undefined;
}

/** Reads a range that the code itself names. @throws when it is malformed */
export function cidr(text: string): Cidr {
  const parsed = parseCidr(text);
  if (parsed === undefined) throw new Error(`not a range of addresses: ${text}`);
  return parsed;
}

/** Whether the address lies in the range. An address of the other family never does. */
export function isInCidr({ prefix, bits }: Cidr, address: IpBytes): boolean {
  if (address.length !== prefix.length) return false;
  const wholeBytes = bits >> 3;
  for (let i = 0; i < wholeBytes; i++) if (address[i] !== prefix[i]) return false;
  const rest = bits & 7;
  return rest === 0 || (address[wholeBytes]! ^ prefix[wholeBytes]!) >> (8 - rest) === 0;
}

function hasOnlyPrefixBits({ prefix, bits }: Cidr): boolean {
  return prefix.every((byte, i) => {
    const counted = Math.min(8, Math.max(0, bits - i * 8));
    return (byte & (0xff >> counted)) === 0;
  });
}
