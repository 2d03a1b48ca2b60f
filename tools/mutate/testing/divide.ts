// What the mutants of the runner's own tests are put into.

/** @throws RangeError for a divisor of 0 */
export function divide(dividend: number, divisor: number): number {
  if (divisor === 0) throw new RangeError('division by zero');
  return dividend / divisor;
}
