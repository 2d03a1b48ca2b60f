import { describe, expect, it } from 'vitest';
import { isInCidr, parseCidr } from './cidr.ts';

/** The same question, answered with whole numbers. */
function isInside(prefix: Uint8Array, bits: number, address: Uint8Array): boolean {
  const shift = BigInt(prefix.length * 8 - bits);
  const number = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
  return number(prefix) >> shift === number(address) >> shift;
}

let seed = 42;
/** Small and always the same. */
const random = (below: number): number => {
  seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
  return Math.floor((seed / 2 ** 32) * below);
};

describe('ranges of addresses', () => {
  it('hold what has their prefix, for any prefix and address', () => {
    for (let i = 0; i < 20_000; i++) {
      const length = i % 2 === 0 ? 4 : 16;
      const prefix = Uint8Array.from({ length }, () => random(256));
      const bits = random(length * 8 + 1);
      const address = prefix.map((byte, at) => (at * 8 < bits - random(16) ? byte : random(256)));
      expect(isInCidr({ prefix, bits }, address)).toBe(isInside(prefix, bits, address));
    }
  });

  it('hold nothing of the other family', () => {
    expect(isInCidr(parseCidr('0.0.0.0/0')!, new Uint8Array(16))).toBe(false);
    expect(isInCidr(parseCidr('::/0')!, new Uint8Array(4))).toBe(false);
  });

  it.each([
    '',
    '10.0.0.0/',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
    '10.0.0.1/8',
    '10.0.0/8',
    '::/129',
    'fe80::%1/64',
    'ten/8',
  ])('are refused when malformed: %s', (text) => expect(parseCidr(text)).toBeUndefined());
});
