// Addresses that no peer on the internet has: the special-purpose registries of IANA (RFC 6890), and the RFCs that they cite.
import { cidr } from './cidr.ts';
import type { Cidr } from './cidr.ts';

export type PeerScope =
  | 'unspecified'
  | 'loopback'
  | 'private'
  | 'shared'
  | 'link_local'
  | 'multicast'
  | 'broadcast'
  | 'reserved'
  | 'documentation'
  | 'benchmark'
  | 'unique_local'
  | 'site_local'
  | 'transition'
  | 'metadata'
  | 'operator';

export interface DeniedRange {
  readonly scope: PeerScope;
  readonly range: Cidr;
}

const ranges: readonly (readonly [PeerScope, string])[] = [
  ['unspecified', '0.0.0.0/8'],
  ['private', '10.0.0.0/8'],
  ['shared', '100.64.0.0/10'],
  ['loopback', '127.0.0.0/8'],
  ['link_local', '169.254.0.0/16'],
  ['private', '172.16.0.0/12'],
  ['reserved', '192.0.0.0/24'],
  ['documentation', '192.0.2.0/24'],
  ['transition', '192.88.99.0/24'],
  ['private', '192.168.0.0/16'],
  ['benchmark', '198.18.0.0/15'],
  ['documentation', '198.51.100.0/24'],
  ['documentation', '203.0.113.0/24'],
  ['multicast', '224.0.0.0/4'],
  ['broadcast', '255.255.255.255/32'],
  ['reserved', '240.0.0.0/4'],

  ['unspecified', '::/128'],
  ['loopback', '::1/128'],
  // The spellings that carry an IPv4 address; Teredo is in the protocol assignments.
  ['transition', '::/96'],
  ['transition', '::ffff:0:0/96'],
  ['transition', '::ffff:0:0:0/96'],
  ['transition', '64:ff9b::/96'],
  ['transition', '64:ff9b:1::/48'],
  ['transition', '2002::/16'],
  ['reserved', '2001::/23'],
  ['documentation', '2001:db8::/32'],
  ['documentation', '3fff::/20'],
  ['unique_local', 'fc00::/7'],
  ['link_local', 'fe80::/10'],
  ['site_local', 'fec0::/10'],
  ['multicast', 'ff00::/8'],
  // RFC 4291 section 2.4: what is assigned for unicast is 2000::/3, and nothing else is.
  ['reserved', '::/3'],
  ['reserved', '4000::/2'],
  ['reserved', '8000::/1'],
];

/** In the order in which they are looked at: the first that holds the address names its scope. */
export const DENIED_RANGES: readonly DeniedRange[] = ranges.map(([scope, text]) => ({ scope, range: cidr(text) }));

/** Where clouds tell virtual machines their credentials. A wider allowed range does not open them: only the address itself. */
export const METADATA_ADDRESSES: readonly Cidr[] = [
  '169.254.169.254',
  '169.254.170.2',
  '169.254.170.23',
  '100.100.100.200',
  '192.0.0.192',
  '168.63.129.16',
  'fd00:ec2::254',
  'fd00:ec2::23',
  'fd20:ce::254',
].map(cidr);
