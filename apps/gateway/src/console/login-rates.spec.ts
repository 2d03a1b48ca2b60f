import { describe, expect, it } from 'vitest';
import { KeyHasher } from '../auth/key-hasher.ts';
import { ProblemError } from '../http/problem-error.ts';
import { LoginRates } from './login-rates.ts';

const SETTINGS = { loginsPerMinutePerAddress: 10, loginsPerMinutePerAccount: 3 };
const hasher = new KeyHasher('a pepper that is long enough to be one');

function makeRates(hasherOf = hasher) {
  let nowMs = 0;
  const rates = new LoginRates(SETTINGS, hasherOf, () => nowMs);
  const attempt = (address: string, email: string, device?: string): string => {
    try {
      rates.count(address, email, device);
      return 'allowed';
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      return `${error.message} ${error.headers['retry-after'] ?? ''}`;
    }
  };
  return { rates, attempt, pass: (ms: number) => (nowMs += ms) };
}

describe('log-ins', () => {
  it('are slowed by account, from wherever they come, and go on once time has passed', () => {
    const { attempt, pass } = makeRates();
    const from = (i: number) => attempt(`192.0.2.${i}`, 'ann@mill.example');
    expect([1, 2, 3, 4].map(from)).toEqual(['allowed', 'allowed', 'allowed', 'Too many log-ins for this account. 20']);
    expect(attempt('192.0.2.9', 'bob@mill.example')).toBe('allowed');
    pass(20_000);
    expect([5, 6].map(from)).toEqual(['allowed', 'Too many log-ins for this account. 20']);
  });

  it('are slowed by address, whichever accounts they are for', () => {
    const { attempt } = makeRates();
    const answers = Array.from({ length: 11 }, (_, i) => attempt('192.0.2.1', `user${i}@mill.example`));
    expect(answers.filter((answer) => answer === 'allowed')).toHaveLength(10);
    expect(answers.at(-1)).toBe('Too many log-ins from this address. 6');
    // One /64 is one address.
    const inNetwork = Array.from({ length: 11 }, (_, i) => attempt(`2001:db8::${i}`, `other${i}@mill.example`));
    expect(inNetwork.at(-1)).toContain('from this address');
    expect(attempt('192.0.2.2', 'user@mill.example')).toBe('allowed');
  });

  it('of a browser that has logged in to the account before are not slowed by a stranger', () => {
    const { rates, attempt } = makeRates();
    const device = rates.newDevice('ann@mill.example');
    for (let i = 0; i < 5; i++) attempt(`192.0.2.${i}`, 'ann@mill.example');
    expect(attempt('203.0.113.1', 'ann@mill.example')).toContain('for this account');
    const own = [1, 2, 3, 4].map(() => attempt('203.0.113.1', 'ann@mill.example', device));
    expect(own).toEqual(['allowed', 'allowed', 'allowed', 'Too many log-ins for this account. 20']);
  });

  it('cannot use what a browser has for another account, or what was made up', () => {
    const { rates, attempt } = makeRates();
    for (let i = 0; i < 3; i++) attempt(`192.0.2.${i}`, 'ann@mill.example');
    const forged = makeRates(new KeyHasher('another pepper, which is long enough')).rates;
    const devices = [
      rates.newDevice('bob@mill.example'),
      forged.newDevice('ann@mill.example'),
      '',
      '.',
      'x',
      'x.y',
      `.${rates.newDevice('ann@mill.example')}`,
    ];
    for (const [i, device] of devices.entries())
      expect(attempt(`203.0.113.${i}`, 'ann@mill.example', device), device).toContain('for this account');
  });
});
