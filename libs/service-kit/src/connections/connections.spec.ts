import { describe, expect, it } from 'vitest';
import { ConnectionLimits } from './connection-limits.ts';
import { peerAddress, peerNetwork, shortenedAddress } from './peer-address.ts';

describe('peerAddress and peerNetwork', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8::6', '2001:db8::6', '2001:db8:0:0::/64'],
    ['::1', '::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7::', '1:2:3:4::/64'],
  ])('of %s', (remote, address, network) => {
    expect(peerAddress(remote)).toBe(address);
    expect(peerNetwork(address)).toBe(network);
  });

  it('have a name for a peer that is gone already', () => {
    expect(peerNetwork(peerAddress(undefined))).toBe('unknown');
  });
});

describe('ConnectionLimits', () => {
  it('counts by address and in total, and takes places back once', () => {
    const limits = new ConnectionLimits({ maxConnections: 3, maxConnectionsPerAddress: 2 });
    const first = limits.take('a');
    expect(first).toBeDefined();
    expect(limits.take('a')).toBeDefined();
    expect(limits.take('a')).toBeUndefined();
    expect(limits.take('b')).toBeDefined();
    expect(limits.take('c')).toBeUndefined();
    first!();
    first!();
    expect(limits.total).toBe(2);
    expect(limits.take('c')).toBeDefined();
    expect(limits.take('d')).toBeUndefined();
  });
});

it.each([
  ['203.0.113.77', '203.0.113.0/24'],
  ['2001:db8:5:6:7::9', '2001:db8:5::/48'],
  ['2001:0DB8::1', '2001:db8:0::/48'],
  ['fe80::1%eth0', 'fe80:0:0::/48'],
  ['::1', '0:0:0::/48'],
  ['unknown', 'unknown'],
  ['/tmp/socket', 'unknown'],
])('%s is kept as %s', (address, shortened) => {
  expect(shortenedAddress(address)).toBe(shortened);
});
