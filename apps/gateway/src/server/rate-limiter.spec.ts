import { describe, expect, it } from 'vitest';
import { RateLimiter } from './rate-limiter.ts';

function limiter(perSecond: number, burst: number) {
  const clock = { ms: 0 };
  return { clock, rates: new RateLimiter({ name: 'x', perSecond, burst }, () => clock.ms) };
}

describe('RateLimiter', () => {
  it('allows a burst, then so many a second, and says what is left and how long to wait', () => {
    const { clock, rates } = limiter(2, 3);
    expect(rates.take('a')).toMatchObject({ allowed: true, remaining: 2, waitS: 0 });
    rates.take('a');
    expect(rates.take('a')).toMatchObject({ allowed: true, remaining: 0, waitS: 1 });
    expect(rates.take('a')).toMatchObject({ allowed: false, remaining: 0, waitS: 1 });
    clock.ms = 500;
    expect(rates.take('a').allowed).toBe(true);
    expect(rates.take('a').allowed).toBe(false);
    clock.ms = 1_000_000;
    expect(rates.take('a')).toMatchObject({ allowed: true, remaining: 2 });
  });

  it('counts each by itself', () => {
    const { rates } = limiter(1, 1);
    expect(rates.take('a').allowed).toBe(true);
    expect(rates.take('a').allowed).toBe(false);
    expect(rates.take('b').allowed).toBe(true);
  });

  it('remembers 20,000', () => {
    const { rates } = limiter(1, 1);
    rates.take('first');
    for (let i = 0; i < 19_999; i++) rates.take(String(i));
    expect(rates.take('first').allowed).toBe(false);
    for (let i = 0; i < 20_000; i++) rates.take(`other ${i}`);
    expect(rates.take('first').allowed).toBe(true);
  });
});
