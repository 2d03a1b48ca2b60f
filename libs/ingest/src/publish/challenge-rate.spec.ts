import { expect, it } from 'vitest';
import { ChallengeRate } from './challenge-rate.ts';

it('gives each address so many in a minute', () => {
  let now = 5;
  const rate = new ChallengeRate(2, () => now);
  expect(['a', 'a', 'a', 'b'].map((network) => rate.take(network))).toEqual([true, true, false, true]);
  now += 59_999;
  expect(rate.take('a')).toBe(false);
  now += 1;
  expect(rate.take('a')).toBe(true);
});
