import { describe, expect, it } from 'vitest';
import { WrongKeys } from './wrong-keys.ts';

describe('WrongKeys', () => {
  const create = (perMinute = 3) => {
    const clock = { nowMs: 0 };
    return { clock, keys: new WrongKeys(perMinute, () => clock.nowMs) };
  };

  it('blocks an address that has tried too many keys, for a minute', () => {
    const { clock, keys } = create();
    for (const key of ['a', 'b', 'c']) {
      expect(keys.isBlocked('x')).toBe(false);
      keys.add('x', key);
    }
    expect(keys.isBlocked('x')).toBe(true);
    expect(keys.isBlocked('y')).toBe(false);
    clock.nowMs = 59_999;
    expect(keys.isBlocked('x')).toBe(true);
    clock.nowMs = 60_000;
    expect(keys.isBlocked('x')).toBe(false);
  });

  it('does not count the same wrong key twice: encoders try again by themselves', () => {
    const { keys } = create();
    for (let i = 0; i < 100; i++) keys.add('x', 'the same');
    expect(keys.isBlocked('x')).toBe(false);
  });

  it('forgets the oldest address when there are too many', () => {
    const { keys } = create(1);
    for (let i = 0; i <= 10_000; i++) keys.add(`address ${i}`, 'k');
    expect(keys.isBlocked('address 0')).toBe(false);
    expect(keys.isBlocked('address 1')).toBe(true);
    expect(keys.isBlocked('address 10000')).toBe(true);
  });
});
