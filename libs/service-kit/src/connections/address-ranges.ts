// Ranges of IP addresses, as operators write them.
import { BlockList, isIP } from 'node:net';

export interface AddressRange {
  readonly address: string;
  /** How many bits of the address count. */
  readonly bits: number;
  readonly family: 'ipv4' | 'ipv6';
}

/** Reads a range such as `10.0.0.0/8` or `2001:db8::/32`, or a single address. @returns undefined when it is malformed */
export function parseAddressRange(text: string): AddressRange | undefined {
  const [address = '', bitsText, ...more] = text.split('/');
  const version = isIP(address);
  if (version === 0 || address.includes('%') || more.length > 0) return undefined;
  const maxBits = version === 4 ? 32 : 128;
  if (bitsText !== undefined && !/^\d{1,3}$/.test(bitsText)) return undefined;
  const bits = bitsText === undefined ? maxBits : Number(bitsText);
  return bits > maxBits ? undefined : { address, bits, family: version === 4 ? 'ipv4' : 'ipv6' };
}

/** Whether `parseAddressRange` can read it. */
export const isAddressRange = (text: string): boolean => parseAddressRange(text) !== undefined;

export class AddressRanges {
  readonly #list = new BlockList();

  /** @param ranges each as `isAddressRange` has it; others are left out */
  constructor(ranges: readonly string[]) {
    for (const text of ranges) {
      const range = parseAddressRange(text);
      if (range !== undefined) this.#list.addSubnet(range.address, range.bits, range.family);
    }
  }

  /** @param address as `peerAddress` gives it; what is no address is in no range */
  includes(address: string): boolean {
    const version = isIP(address);
    return version !== 0 && this.#list.check(address, version === 4 ? 'ipv4' : 'ipv6');
  }
}
