import { argon2Sync, hkdfSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { faultOfPassword, Passwords } from './passwords.ts';

const PEPPER = 'a pepper that is long enough to be one';

describe('Passwords', () => {
  it('are kept by argon2id with a secret, each with a salt of its own', async () => {
    const passwords = new Passwords(PEPPER, 2);
    const [first, second] = [await passwords.hash('a quiet river'), await passwords.hash('a quiet river')];
    expect(first).not.toBe(second);
    const [, , , cost, salt = '', tag = ''] = first.split('$');
    expect(first).toMatch(/^\$argon2id\$v=19\$/);
    expect(cost).toBe('m=19456,t=2,p=1');
    const expected = argon2Sync('argon2id', {
      message: 'a quiet river',
      nonce: Buffer.from(salt, 'base64'),
      secret: Buffer.from(hkdfSync('sha256', PEPPER, '', 'millrace passwords 1', 32)),
      memory: 19_456,
      passes: 2,
      parallelism: 1,
      tagLength: 32,
    });
    expect(tag).toBe(expected.toString('base64').replace(/=+$/, ''));
    expect(await passwords.matches('a quiet river', first)).toBe(true);
    expect(await passwords.matches('a quiet rivers', first)).toBe(false);
    expect(await new Passwords(`${PEPPER}!`, 2).matches('a quiet river', first)).toBe(false);
  });

  it('are the same however a keyboard composes their letters', async () => {
    const passwords = new Passwords(PEPPER, 2);
    expect(await passwords.matches('caf\u00e9 and milk', await passwords.hash('cafe\u0301 and milk'))).toBe(true);
  });

  it('are compared at their own cost, so that it can be raised later', async () => {
    const passwords = new Passwords(PEPPER, 2);
    const secret = Buffer.from(hkdfSync('sha256', PEPPER, '', 'millrace passwords 1', 32));
    const nonce = Buffer.alloc(16, 7);
    const tag = argon2Sync('argon2id', {
      message: 'x',
      nonce,
      secret,
      memory: 64,
      passes: 3,
      parallelism: 1,
      tagLength: 32,
    });
    const text = (bytes: Buffer) => bytes.toString('base64').replace(/=+$/, '');
    expect(await passwords.matches('x', `$argon2id$v=19$m=64,t=3,p=1$${text(nonce)}$${text(tag)}`)).toBe(true);
    await expect(passwords.matches('x', '$2b$10$abc')).rejects.toThrow('no password hash');
  });

  it('take as long where there is none', async () => {
    const passwords = new Passwords(PEPPER, 1);
    const kept = await passwords.hash('a quiet river');
    expect(await passwords.matches('a quiet river', null)).toBe(false);
    const timeOf = async (hash: string | null): Promise<number> => {
      const from = process.cpuUsage();
      for (let i = 0; i < 3; i++) await passwords.matches('wrong', hash);
      const { user, system } = process.cpuUsage(from);
      return user + system;
    };
    const [known, unknown] = [await timeOf(kept), await timeOf(null)];
    expect(unknown / known).toBeGreaterThan(0.5);
    expect(unknown / known).toBeLessThan(2);
  });

  it('are checked a few at once; more wait, and too many are refused', async () => {
    const passwords = new Passwords(PEPPER, 1, 2);
    const kept = await passwords.hash('a quiet river');
    const outcomes = await Promise.allSettled(Array.from({ length: 5 }, () => passwords.matches('x', kept)));
    const refused = outcomes.filter(({ status }) => status === 'rejected');
    expect(refused).toHaveLength(2);
    expect(refused[0]).toMatchObject({ reason: { code: 'too_many_requests', headers: { 'retry-after': '1' } } });
    expect(await passwords.matches('a quiet river', kept)).toBe(true);
  });
});

describe('a new password', () => {
  it.each(['correct horse battery', 'Tr0ub4dor&3 and more', 'ångström 99 lamps', 'my password is a quiet one'])(
    'may be %j',
    (password) => expect(faultOfPassword(password, 'ann@mill.example')).toBeUndefined(),
  );

  it.each([
    ['aaaaaaaaaaaa', 'different characters'],
    ['121212121212', 'different characters'],
    ['passwordpassword', 'guessed first'],
    ['Password1234', 'guessed first'],
    ['1234567890123', 'guessed first'],
    ['qwertyuiop12', 'guessed first'],
    ['ann@mill.example', 'email address'],
    ['myann@mill.example1', 'email address'],
  ])('may not be %j', (password, fault) => {
    expect(faultOfPassword(password, 'ann@mill.example')).toContain(fault);
  });

  it('may not be the name in the email address with a few characters', () => {
    expect(faultOfPassword('Annabella2026', 'annabella@mill.example')).toContain('email address');
    expect(faultOfPassword('Annabella likes rivers', 'annabella@mill.example')).toBeUndefined();
  });
});
