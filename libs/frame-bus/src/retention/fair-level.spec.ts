import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fairLevel } from './fair-level.ts';

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

describe('the fair level', () => {
  it('cuts only those that have more than their part', () => {
    expect(fairLevel([10, 20, 100], 90)).toBe(60);
    expect(fairLevel([10, 80, 100], 90)).toBe(40);
    expect(fairLevel([30, 30, 30], 60)).toBe(20);
  });

  it('cuts none where there is enough', () => {
    expect(fairLevel([1, 2, 3], 6)).toBe(Infinity);
    expect(fairLevel([], 0)).toBe(Infinity);
  });

  it('uses all of what there is', () => {
    const sizes = fc.array(fc.integer({ min: 0, max: 1_000 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(sizes, fc.integer({ min: 0, max: 5_000 }), (given, total) => {
        const level = fairLevel(given, total);
        const left = sum(given.map((size) => Math.min(size, level)));
        expect(left).toBeCloseTo(Math.min(sum(given), total), 6);
      }),
    );
  });
});
