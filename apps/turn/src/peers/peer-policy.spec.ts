import { parseIpAddress } from '@millrace/protocol/stun';
import { describe, expect, it } from 'vitest';
import { cidr } from './cidr.ts';
import { PeerPolicy } from './peer-policy.ts';

const policy = (allowed: readonly string[] = [], denied: readonly string[] = []): PeerPolicy =>
  new PeerPolicy({
    allowed: allowed.map(cidr),
    denied: denied.map(cidr),
    own: [cidr('127.0.0.0/8'), cidr('198.18.0.9'), cidr('8.8.4.4')],
    announced: [cidr('8.8.4.4')],
    ownPorts: [3478, 7_005, 50_005],
    relayPorts: { first: 50_000, last: 50_100 },
    ownPeerPorts: [{ first: 7_000, last: 7_010 }],
  });
const bytes = (address: string): Uint8Array => parseIpAddress(address)!;

const DENIED_IPV4 = {
  loopback: ['127.0.0.1', '127.255.255.254'],
  unspecified: ['0.0.0.0', '0.1.2.3'],
  private: ['10.0.0.5', '172.16.0.1', '172.31.255.254', '192.168.1.1'],
  shared: ['100.64.0.1', '100.127.255.255'],
  link_local: ['169.254.1.1'],
  metadata: ['169.254.169.254', '169.254.170.2', '100.100.100.200', '192.0.0.192', '168.63.129.16'],
  reserved: ['192.0.0.1', '240.0.0.1', '255.255.255.254'],
  documentation: ['192.0.2.1', '198.51.100.1', '203.0.113.1'],
  benchmark: ['198.18.0.1', '198.19.255.255'],
  transition: ['192.88.99.1'],
  multicast: ['224.0.0.1', '239.255.255.255'],
  broadcast: ['255.255.255.255'],
} as const;
const DENIED_IPV6 = {
  unspecified: ['::'],
  loopback: ['::1'],
  link_local: ['fe80::1', 'febf::1'],
  site_local: ['fec0::1'],
  unique_local: ['fc00::1', 'fd12:3456::99'],
  metadata: ['fd00:ec2::254'],
  multicast: ['ff02::1', 'ff0e::1'],
  documentation: ['2001:db8::1', '3fff::1'],
  reserved: ['2001::1', '2001:2::1', '1000::1', '4000::1', '8000::1', '100::1'],
} as const;
const PUBLIC = ['8.8.8.8', '1.1.1.1', '2001:4860:4860::8888', '2606:4700:4700::1111'];

const hex = (address: string): string => Buffer.from(bytes(address)).toString('hex');
const group = (text: string): string => text.match(/.{4}/g)!.join(':');
/** Every way to write an IPv4 address as an IPv6 one. */
const SPELLINGS: Record<string, (address: string) => string> = {
  mapped: (address) => `::ffff:${address}`,
  compatible: (address) => `::${address}`,
  translated: (address) => `::ffff:0:${address}`,
  '6to4': (address) => `2002:${group(hex(address))}::1`,
  NAT64: (address) => `64:ff9b::${address}`,
  'local NAT64, /96': (address) => `64:ff9b:1::${address}`,
  'local NAT64, /48': (address) => {
    const text = hex(address);
    return `64:ff9b:1:${text.slice(0, 4)}:00${text.slice(4, 6)}:${text.slice(6, 8)}00::`;
  },
  'Teredo server': (address) => `2001:0:${group(hex(address))}::1`,
  'Teredo client': (address) => {
    const inverted = Buffer.from(bytes(address).map((byte) => ~byte)).toString('hex');
    return `2001:0:808:808:0:1:${group(inverted)}`;
  },
  ISATAP: (address) => `2606:4700::5efe:${address}`,
  'ISATAP, universal': (address) => `2606:4700::200:5efe:${address}`,
};

const ipv4 = Object.entries(DENIED_IPV4).flatMap(([scope, addresses]) =>
  addresses.map((each) => [scope, each] as const),
);
const ipv6 = Object.entries(DENIED_IPV6).flatMap(([scope, addresses]) =>
  addresses.map((each) => [scope, each] as const),
);

describe('the peer policy', () => {
  it.each([...ipv4, ...ipv6])('denies what is %s: %s', (scope, address) => {
    expect(policy().denied(bytes(address))).toBe(scope);
  });

  it.each(PUBLIC)('takes %s', (address) => {
    expect(policy().denied(bytes(address))).toBeUndefined();
  });

  it.each(Object.entries(SPELLINGS))('denies every address in the spelling %s, public ones too', (_, spell) => {
    for (const [, address] of ipv4) expect(policy().denied(bytes(spell(address))), spell(address)).toBeDefined();
    expect(policy().denied(bytes(spell('8.8.8.8')))).toBeDefined();
  });

  it('opens what the operator lists, and nothing beside it', () => {
    const opened = policy(['10.1.0.0/16', 'fd12:3456::/32']);
    expect(opened.denied(bytes('10.1.2.3'))).toBeUndefined();
    expect(opened.denied(bytes('fd12:3456::99'))).toBeUndefined();
    expect(opened.denied(bytes('10.2.0.1'))).toBe('private');
    expect(opened.denied(bytes('fd12:3457::99'))).toBe('unique_local');
    for (const spell of Object.values(SPELLINGS)) expect(opened.denied(bytes(spell('10.1.2.3')))).toBeDefined();
  });

  it.each(Object.entries(SPELLINGS))('judges the address inside, even where everything is opened: %s', (_, spell) => {
    const open6 = policy(['::/0']);
    expect(open6.denied(bytes(spell('127.0.0.1')))).toBeDefined();
    expect(open6.denied(bytes(spell('169.254.169.254')))).toBeDefined();
  });

  it.each(['mapped', '6to4', 'NAT64', 'ISATAP'])(
    'takes a public address inside once the spelling is opened: %s',
    (name) => {
      expect(policy(['::/0']).denied(bytes(SPELLINGS[name]!('8.8.8.8')))).toBeUndefined();
    },
  );

  it('opens metadata addresses only by their own name', () => {
    expect(policy(['0.0.0.0/0', '169.254.0.0/16']).denied(bytes('169.254.169.254'))).toBe('metadata');
    expect(policy(['::/0', 'fd00::/8']).denied(bytes('fd00:ec2::254'))).toBe('metadata');
    expect(policy(['169.254.169.254']).denied(bytes('169.254.169.254'))).toBeUndefined();
  });

  it('lets clients of this server meet on its own addresses, and reach nothing else there', () => {
    const own = bytes('198.18.0.9');
    expect(policy().isOwn(own)).toBe(true);
    expect(policy().isOwn(bytes('8.8.8.8'))).toBe(false);
    expect(policy().isOwnPortDenied(50_000)).toBe(false);
    expect(policy().isOwnPortDenied(22)).toBe(true);
    expect(policy(['198.18.0.9']).isOwnPortDenied(22)).toBe(true);
    expect(policy(['198.18.0.9']).isOwnPortDenied(3478)).toBe(true);
    expect([7_000, 7_010].map((port) => policy().isOwnPortDenied(port))).toEqual([false, false]);
    // The server's own, though they are among those that are open.
    expect([7_005, 50_005].map((port) => policy().isOwnPortDenied(port))).toEqual([true, true]);
    expect([6_999, 7_011].map((port) => policy().isOwnPortDenied(port))).toEqual([true, true]);
  });

  it.each(Object.entries(SPELLINGS))('knows its own addresses in the spelling %s', (_, spell) => {
    expect(policy(['::/0']).isOwn(bytes(spell('198.18.0.9')))).toBe(true);
    expect(policy(['::/0']).isOwn(bytes(spell('8.8.8.8')))).toBe(false);
  });

  it('closes what the operator denies, though it is public or allowed, in every spelling', () => {
    const closed = policy(['10.0.0.0/8', '::/0'], ['10.1.0.0/16', '1.1.1.0/24', '2606:4700:64::/96']);
    expect(closed.denied(bytes('10.1.2.3'))).toBe('operator');
    expect(closed.denied(bytes('10.2.0.1'))).toBeUndefined();
    expect(closed.denied(bytes('1.1.1.1'))).toBe('operator');
    expect(closed.denied(bytes('2606:4700:64::808:808'))).toBe('operator');
    for (const spell of Object.values(SPELLINGS)) expect(closed.denied(bytes(spell('1.1.1.1')))).toBeDefined();
  });

  it('lets clients meet where the operator denies the network that this server is in, unless its address is named', () => {
    expect(policy([], ['8.8.4.0/24']).denied(bytes('8.8.4.4'))).toBeUndefined();
    expect(policy([], ['8.8.4.0/24']).denied(bytes('8.8.4.5'))).toBe('operator');
    expect(policy([], ['8.8.4.4']).denied(bytes('8.8.4.4'))).toBe('operator');
  });
});
