// Addresses that may not be a peer of any client, each IPv4 one in every spelling that IPv6 has for it.
import { parseIpAddress } from '@millrace/protocol/stun';

export const DENIED_IPV4: readonly string[] = [
  '127.0.0.1',
  '127.255.255.254',
  '0.0.0.0',
  '0.1.2.3',
  '172.16.0.1',
  '172.31.255.254',
  '192.168.1.1',
  '100.64.0.1',
  '169.254.169.254',
  '169.254.170.2',
  '100.100.100.200',
  '192.0.0.192',
  '168.63.129.16',
  '192.0.2.1',
  '198.18.0.1',
  '198.51.100.1',
  '203.0.113.1',
  '224.0.0.1',
  '239.255.255.255',
  '240.0.0.1',
  '255.255.255.255',
];

export const DENIED_IPV6: readonly string[] = [
  '::',
  '::1',
  'fe80::1',
  'fec0::1',
  'fc00::1',
  'fd00:ec2::254',
  'fd12:3456::99',
  'ff02::1',
  '2001:db8::1',
];

const hex = (address: string): string => Buffer.from(parseIpAddress(address)!).toString('hex');
const pair = (text: string): string => `${text.slice(0, 4)}:${text.slice(4)}`;
const inverted = (address: string): string =>
  Buffer.from(parseIpAddress(address)!.map((byte) => ~byte)).toString('hex');

/** Every spelling of an IPv4 address as an IPv6 one. */
export const spellings = (address: string): readonly string[] => [
  `::ffff:${address}`,
  `::${address}`,
  `::ffff:0:${address}`,
  `64:ff9b::${address}`,
  `64:ff9b:1::${address}`,
  `64:ff9b:1:${hex(address).slice(0, 4)}:00${hex(address).slice(4, 6)}:${hex(address).slice(6)}00::`,
  `2002:${pair(hex(address))}::1`,
  `2001:0:${pair(hex(address))}::1`,
  `2001:0:808:808:0:1:${pair(inverted(address))}`,
  `2606:4700::5efe:${address}`,
  `2606:4700::200:5efe:${address}`,
];

export const DENIED_PEERS: readonly string[] = [
  ...DENIED_IPV4,
  ...DENIED_IPV6,
  ...DENIED_IPV4.flatMap(spellings),
  // A public address in these spellings would pass a check that only looks at what is inside.
  ...spellings('8.8.8.8'),
];

export const PUBLIC_PEERS: readonly string[] = ['8.8.8.8', '2001:4860:4860::8888'];
