import { describe, expect, it } from 'vitest';
import { AddressRanges, isAddressRange } from './address-ranges.ts';

describe('AddressRanges', () => {
  it.each([
    ['10.0.0.0/8', true],
    ['192.0.2.1', true],
    ['2001:db8::/32', true],
    ['::1', true],
    ['0.0.0.0/0', true],
    ['10.0.0.0/33', false],
    ['::/129', false],
    ['10.0.0/8', false],
    ['10.0.0.0/', false],
    ['10.0.0.0/8/8', false],
    ['fe80::1%eth0', false],
    ['example.com', false],
    ['', false],
  ])('takes %s: %s', (text, isRange) => {
    expect(isAddressRange(text)).toBe(isRange);
  });

  it('includes what lies in one of them, of its own family', () => {
    const ranges = new AddressRanges(['10.1.0.0/16', '192.0.2.7', '2001:db8::/32']);
    for (const inside of ['10.1.255.255', '192.0.2.7', '2001:db8:ffff::1']) expect(ranges.includes(inside)).toBe(true);
    for (const outside of ['10.2.0.0', '192.0.2.8', '2001:db9::1', '::', 'unknown', ''])
      expect(ranges.includes(outside)).toBe(false);
  });
});
