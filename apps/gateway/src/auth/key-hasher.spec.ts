import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { hintOf, KeyHasher } from './key-hasher.ts';

const PEPPER = 'a pepper that is long enough to be one';
const hasher = new KeyHasher(PEPPER);

afterEach(() => {
  vi.restoreAllMocks();
  syncBuiltinESMExports();
});

describe('KeyHasher', () => {
  it('hashes by HMAC-SHA-256 with the pepper', () => {
    // printf %s mr_st_x | openssl dgst -sha256 -hmac 'a pepper that is long enough to be one'
    expect(hasher.hash('mr_st_x').toString('hex')).toBe(
      '3896fd1c4343cdec46c326f2b574b7808693dcdd3113e81a7d9d365b8eccc2c2',
    );
    expect(new KeyHasher(`${PEPPER}!`).hash('mr_st_x')).not.toEqual(hasher.hash('mr_st_x'));
  });

  it('knows a key by its whole hash, and no other', () => {
    const hash = hasher.hash('mr_op_x');
    expect(hasher.matches('mr_op_x', hash)).toBe(true);
    expect(hasher.matches('mr_op_y', hash)).toBe(false);
    for (let at = 0; at < hash.length; at++) {
      const other = Buffer.from(hash);
      other[at]! ^= 1;
      expect(hasher.matches('mr_op_x', other), `byte ${at}`).toBe(false);
      expect(hasher.matches('mr_op_x', hash.subarray(0, at)), `${at} bytes`).toBe(false);
    }
  });

  it('compares in constant time', () => {
    const hash = hasher.hash('mr_op_x');
    const compare = vi.spyOn(crypto, 'timingSafeEqual');
    // Modules that have imported the function by its name get the one that notes its calls.
    syncBuiltinESMExports();
    hasher.matches('mr_op_y', hash);
    expect(compare).toHaveBeenCalledExactlyOnceWith(hasher.hash('mr_op_y'), hash);
  });

  it('tells peppers apart without telling them', () => {
    expect(hasher.fingerprint()).toBe(new KeyHasher(PEPPER).fingerprint());
    expect(hasher.fingerprint()).not.toBe(new KeyHasher(`${PEPPER}!`).fingerprint());
    expect(hasher.fingerprint()).toMatch(/^[\w-]{22}$/);
  });
});

it('the hint of a secret is its last four characters', () => {
  expect(hintOf('mr_st_abcdefgh')).toBe('efgh');
});
