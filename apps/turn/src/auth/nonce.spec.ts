import { describe, expect, it } from 'vitest';
import { Nonces } from './nonce.ts';

const key = Buffer.alloc(32, 1);
const nonces = new Nonces(key, 3_600_000);
const HOUR_MS = 3_600_000;
const NOW_MS = 50_000_000;

const check = (nonce: string, { address = '198.51.100.1', port = 5000, nowMs = NOW_MS, by = nonces } = {}): boolean =>
  by.check(Buffer.from(nonce), address, port, nowMs).valid;

describe.each([
  ['with the offer of password algorithms', false],
  ['without it', true],
])('a nonce %s', (_, short) => {
  const nonce = nonces.make('198.51.100.1', 5000, NOW_MS, short);

  it('is good for its client until its lifetime is over', () => {
    expect(check(nonce)).toBe(true);
    expect(check(nonce, { nowMs: NOW_MS + HOUR_MS - 1_000 })).toBe(true);
    expect(check(nonce, { nowMs: NOW_MS + HOUR_MS })).toBe(false);
  });

  it('is stale for every other address', () => {
    expect(check(nonce, { address: '198.51.100.2' })).toBe(false);
    expect(check(nonce, { port: 5001 })).toBe(false);
    expect(check(nonce, { by: new Nonces(Buffer.alloc(32, 2), HOUR_MS) })).toBe(false);
  });

  it('is stale when it comes from the future', () => {
    expect(check(nonces.make('198.51.100.1', 5000, NOW_MS + 10_000, short))).toBe(false);
  });

  it('is stale with any character changed, missing or added', () => {
    for (let i = 0; i < nonce.length; i++) {
      const other = nonce[i] === 'A' ? 'B' : 'A';
      expect(check(nonce.slice(0, i) + other + nonce.slice(i + 1)), `at ${i}`).toBe(false);
      expect(check(nonce.slice(0, i)), `cut to ${i}`).toBe(false);
    }
    expect(check(`${nonce}A`)).toBe(false);
  });

  it('says what it offers', () => {
    expect(nonces.check(Buffer.from(nonce), '198.51.100.1', 5000, NOW_MS).offersAlgorithms).toBe(!short);
  });
});

it('a nonce does not become the other kind by a changed cookie', () => {
  const long = nonces.make('198.51.100.1', 5000, NOW_MS);
  expect(check(long.slice(-16))).toBe(false);
});
