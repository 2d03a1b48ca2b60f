import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSecretKey, newSecretKey, SecretPrefix } from './secret-key.ts';

describe('newSecretKey', () => {
  it('makes a key of its kind, and of no other kind', () => {
    for (const prefix of Object.values(SecretPrefix)) {
      const key = newSecretKey(prefix);
      for (const other of Object.values(SecretPrefix)) expect(isSecretKey(other, key)).toBe(other === prefix);
    }
  });

  it('is safe in a path, in a query and in an RTMP stream name', () => {
    for (let i = 0; i < 100; i++) expect(newSecretKey('mr_st')).toMatch(/^mr_st_[0-9A-Za-z]{36}$/);
  });
});

describe('isSecretKey', () => {
  it('finds every single mistyped character', () => {
    const key = newSecretKey('mr_st');
    const position = fc.integer({ min: 6, max: key.length - 1 });
    const character = fc.constantFrom(...'0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_ /');
    fc.assert(
      fc.property(position, character, (at, typed) => {
        fc.pre(key[at] !== typed);
        expect(isSecretKey('mr_st', key.slice(0, at) + typed + key.slice(at + 1))).toBe(false);
      }),
    );
  });

  it('finds two swapped neighbours', () => {
    const key = newSecretKey('mr_st');
    for (let i = 6; i + 1 < key.length; i++) {
      if (key[i] === key[i + 1]) continue;
      expect(isSecretKey('mr_st', key.slice(0, i) + key[i + 1] + key[i] + key.slice(i + 2))).toBe(false);
    }
  });

  it.each(['', 'mr_st_', 'mr_st_short', 'x'.repeat(42), 'x'.repeat(100_000)])('refuses %j', (text) => {
    expect(isSecretKey('mr_st', text)).toBe(false);
  });

  it('knows a key that was made elsewhere: CRC-32 of everything before, in base 62', () => {
    expect(isSecretKey('mr_st', `mr_st_${'0'.repeat(30)}${base62(crcByHand(`mr_st_${'0'.repeat(30)}`))}`)).toBe(true);
  });
});

/** CRC-32 bit by bit (ISO 3309), so that the test does not lean on the code's own library. */
function crcByHand(text: string): number {
  let crc = 0xffffffff;
  for (const character of text) {
    crc ^= character.charCodeAt(0);
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}

function base62(value: number): string {
  const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
  return Array.from({ length: 6 }, (_, i) => digits[Math.floor(value / 62 ** (5 - i)) % 62]).join('');
}
