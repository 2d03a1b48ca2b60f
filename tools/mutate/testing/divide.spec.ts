// Leaves the divisor of 0 out on purpose: a mutant there has to be reported as one that survived.
import { expect, it } from 'vitest';
import { divide } from './divide.ts';

it('divides', () => {
  expect(divide(6, 3)).toBe(2);
});
