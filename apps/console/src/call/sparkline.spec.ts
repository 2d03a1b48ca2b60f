import { expect, it } from 'vitest';
import { History, sparkline } from './sparkline.ts';

it('draws to the right edge, in scale', () => {
  const size = { width: 100, height: 20, slots: 5 };
  expect(sparkline([0, 5, 10], 10, size)).toBe('50,20 75,10 100,0');
  expect(sparkline([20], 10, size)).toBe('100,0');
  expect(sparkline([1, 1], 0, size)).toBe('75,20 100,20');
  expect(sparkline([], 10, size)).toBe('');
});

it('keeps the newest', () => {
  const history = new History(2);
  for (const value of [1, 2, 3]) history.push(value);
  expect(history.values).toEqual([2, 3]);
});
