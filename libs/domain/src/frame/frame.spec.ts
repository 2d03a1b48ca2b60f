import { describe, expect, it } from 'vitest';
import { comparePositions } from './frame.ts';

describe('comparePositions', () => {
  it.each([
    [{ epoch: 1, sequence: 5 }, { epoch: 1, sequence: 5 }, 0],
    [{ epoch: 1, sequence: 5 }, { epoch: 1, sequence: 6 }, -1],
    [{ epoch: 2, sequence: 1 }, { epoch: 1, sequence: 900 }, 1],
    [{ epoch: 0, sequence: 0 }, { epoch: 1_795_000_000_000, sequence: 1 }, -1],
  ])('orders %j and %j by epoch, then by sequence', (a, b, sign) => {
    expect(Math.sign(comparePositions(a, b))).toBe(sign);
    expect(Math.sign(comparePositions(b, a))).toBe(sign === 0 ? 0 : -sign);
  });
});
