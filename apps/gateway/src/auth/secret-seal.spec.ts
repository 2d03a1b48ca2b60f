import { newId, newSecretKey } from '@millrace/domain';
import { describe, expect, it } from 'vitest';
import { SecretSeal } from './secret-seal.ts';

const seal = new SecretSeal('a pepper that is long enough to be one');
const secret = newSecretKey('mr_sg');
const owner = `${newId('ten')} ${newId('sgk')}`;

describe('SecretSeal', () => {
  it('opens what it sealed, and shows nothing of it', () => {
    const sealed = seal.seal(secret, owner);
    expect(sealed.includes(secret.slice(0, 8))).toBe(false);
    expect(seal.open(sealed, owner)).toBe(secret);
  });

  it('seals the same secret differently each time', () => {
    expect(seal.seal(secret, owner).equals(seal.seal(secret, owner))).toBe(false);
  });

  it('opens for its owner alone, and with its pepper alone', () => {
    const sealed = seal.seal(secret, owner);
    expect(() => seal.open(sealed, `${owner}x`)).toThrow();
    expect(() => new SecretSeal('another pepper that is long enough').open(sealed, owner)).toThrow();
  });

  it('does not open what was changed, whichever byte it is', () => {
    const sealed = seal.seal(secret, owner);
    for (let i = 0; i < sealed.length; i++) {
      const changed = Buffer.from(sealed);
      changed[i]! ^= 1;
      expect(() => seal.open(changed, owner), `byte ${i}`).toThrow();
    }
    for (const length of [0, 1, 28, sealed.length - 1])
      expect(() => seal.open(sealed.subarray(0, length), owner), `${length} bytes`).toThrow();
  });
});
