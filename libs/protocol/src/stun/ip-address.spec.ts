import { isIP, SocketAddress } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hex } from '../testing/hex.ts';
import { formatIpv4, formatIpv6, parseIpAddress } from './index.ts';

describe('IP addresses', () => {
  it.each([
    ['192.0.2.1', 'c0000201'],
    ['0.0.0.0', '00000000'],
    ['255.255.255.255', 'ffffffff'],
    ['::', '00000000000000000000000000000000'],
    ['::1', '00000000000000000000000000000001'],
    ['2001:db8::', '20010db8000000000000000000000000'],
    ['2001:db8::1:0:0:1', '20010db8000000000001000000000001'],
    ['2001:0:0:1::1', '20010000000000010000000000000001'],
    ['2001:db8:0:1:1:1:1:1', '20010db8000000010001000100010001'],
    ['1:2:3:4:5:6:7:8', '00010002000300040005000600070008'],
    ['::ffff:127.0.0.1', '00000000000000000000ffff7f000001'],
    ['::10.0.0.5', '0000000000000000000000000a000005'],
    ['::ffff', '0000000000000000000000000000ffff'],
    ['64:ff9b::a00:5', '0064ff9b00000000000000000a000005'],
  ])('%s', (text, bytes) => {
    expect(parseIpAddress(text)?.toString('hex')).toBe(bytes);
    expect(text.includes(':') ? formatIpv6(hex(bytes)) : formatIpv4(hex(bytes))).toBe(text);
  });

  it('IPv6 is written as Node.js writes it', () => {
    const group = fc.oneof(fc.constant(0), fc.constant(1), fc.constant(0xffff), fc.integer({ min: 0, max: 0xffff }));
    fc.assert(
      fc.property(fc.array(group, { minLength: 8, maxLength: 8 }), (groups) => {
        const long = groups.map((one) => one.toString(16)).join(':');
        const bytes = parseIpAddress(long)!;
        expect(formatIpv6(bytes)).toBe(new SocketAddress({ address: long, family: 'ipv6' }).address);
        expect(parseIpAddress(formatIpv6(bytes))).toEqual(bytes);
      }),
      { numRuns: 500 },
    );
  });

  it('leaves the zone out', () => {
    expect(formatIpv6(parseIpAddress('fe80::1%eth0')!)).toBe('fe80::1');
  });

  it.each([
    '',
    '1.2.3',
    '1.2.3.4.5',
    '1.2.3.256',
    '01.2.3.4',
    '1.2.3.',
    ' 1.2.3.4',
    '0x1.2.3.4',
    ':',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7::8',
    '12345::',
    '::g',
    '::1.2.3',
    '1.2.3.4::',
    '::1.2.3.4:5',
    '1:2:3:4:5:6:7:1.2.3.4',
    ':1:2:3:4:5:6:7',
  ])('%j is none', (text) => {
    expect(isIP(text)).toBe(0);
    expect(parseIpAddress(text)).toBeUndefined();
  });

  it('takes for an address what Node.js takes for one', () => {
    const character = fc.constantFrom(...'0123456789abcf:::..'.split(''));
    fc.assert(
      fc.property(fc.string({ unit: character, maxLength: 20 }), (text) => {
        expect(parseIpAddress(text) !== undefined).toBe(isIP(text) !== 0);
      }),
      { numRuns: 2000 },
    );
  });
});
