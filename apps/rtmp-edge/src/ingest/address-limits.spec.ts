import { describe, expect, it } from 'vitest';
import { ConnectionLimits } from './connection-limits.ts';
import { peerAddress, peerNetwork } from './peer-address.ts';
import { WrongKeys } from './wrong-keys.ts';

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

describe('WrongKeys', () => {
  const create = (perMinute = 3) => {
    const clock = { nowMs: 0 };
    return { clock, keys: new WrongKeys(perMinute, () => clock.nowMs) };
  };

  it('blocks an address that has tried too many keys, for a minute', () => {
    const { clock, keys } = create();
    for (const key of ['a', 'b', 'c']) {
      expect(keys.isBlocked('x')).toBe(false);
      keys.add('x', key);
    }
    expect(keys.isBlocked('x')).toBe(true);
    expect(keys.isBlocked('y')).toBe(false);
    clock.nowMs = 59_999;
    expect(keys.isBlocked('x')).toBe(true);
    clock.nowMs = 60_000;
    expect(keys.isBlocked('x')).toBe(false);
  });

  it('does not count the same wrong key twice: encoders try again by themselves', () => {
    const { keys } = create();
    for (let i = 0; i < 100; i++) keys.add('x', 'the same');
    expect(keys.isBlocked('x')).toBe(false);
  });

  it('forgets the oldest address when there are too many', () => {
    const { keys } = create(1);
    for (let i = 0; i <= 10_000; i++) keys.add(`address ${i}`, 'k');
    expect(keys.isBlocked('address 0')).toBe(false);
    expect(keys.isBlocked('address 1')).toBe(true);
    expect(keys.isBlocked('address 10000')).toBe(true);
  });
});
