// Addresses as bytes: 4 of IPv4, 16 of IPv6. What is decided about an address is decided about these, never about a spelling.
import { parseIpAddress } from '@millrace/protocol/stun';

export type IpBytes = Uint8Array;

export const IPV6_BYTES = 16;

export type IpFamily = 'IPv4' | 'IPv6';

export const familyOf = (address: string): IpFamily => (address.includes(':') ? 'IPv6' : 'IPv4');

/** @throws when the text is no address: a defect of the caller, who has it from a packet or from the system */
export function ipBytes(address: string): IpBytes {
  const bytes = parseIpAddress(address);
  if (bytes === undefined) throw new RangeError(`not an address: ${address}`);
  return bytes;
}

const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/** The address as people know it: IPv4 without the IPv6 that a dual-stack socket puts around it. */
export function unmapIp(address: string): string {
  return address.startsWith('::f') ? (MAPPED.exec(address)?.[1] ?? address) : address;
}
