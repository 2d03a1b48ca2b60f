import { describe, expect, it } from 'vitest';
import { LoginChallenges } from './login-challenges.ts';

const PEPPER = 'a pepper that is long enough to be one';
const peer = { user: 'skey_1', network: '192.0.2.1' };
let now = 1_800_000_000_250;
const challenges = new LoginChallenges(PEPPER, 30_000, () => now);

describe('LoginChallenges', () => {
  it('know their own again, on any gateway with the same pepper, by a name of its own', () => {
    const { salt, opaque } = challenges.make(peer);
    expect(opaque).toMatch(/^[A-Za-z0-9_-]{40}$/);
    const other = new LoginChallenges(PEPPER, 1_000, () => now);
    expect(other.open(opaque, peer)).toEqual(challenges.open(opaque, peer));
    expect(challenges.open(opaque, peer)?.salt).toBe(salt);
    const next = challenges.make(peer);
    expect(next.salt).not.toBe(salt);
    expect(challenges.open(next.opaque, peer)?.nonce).not.toBe(challenges.open(opaque, peer)?.nonce);
  });

  it('are for one user, one network, one pepper and a time', () => {
    const { opaque } = challenges.make(peer);
    expect(challenges.open(opaque, { ...peer, user: 'skey_2' })).toBeUndefined();
    expect(challenges.open(opaque, { ...peer, network: '192.0.2.2' })).toBeUndefined();
    expect(new LoginChallenges(`${PEPPER}.`, 30_000, () => now).open(opaque, peer)).toBeUndefined();
    now += 30_000;
    expect(challenges.open(opaque, peer)).toBeDefined();
    now += 1_000;
    expect(challenges.open(opaque, peer)).toBeUndefined();
  });

  it('are nothing that was changed, shortened, lengthened, or made up', () => {
    const { opaque } = challenges.make(peer);
    const bytes = Buffer.from(opaque, 'base64url');
    for (let i = 0; i < bytes.length; i++) {
      const changed = Buffer.from(bytes);
      changed[i]! ^= 1;
      expect(challenges.open(changed.toString('base64url'), peer)).toBeUndefined();
      expect(challenges.open(bytes.subarray(0, i).toString('base64url'), peer)).toBeUndefined();
    }
    for (const text of ['', '!', `${opaque}AAAA`, 'x'.repeat(64)]) expect(challenges.open(text, peer)).toBeUndefined();
  });
});
