import { describe, expect, it } from 'vitest';
import { PictureDecodeTimes } from './picture-decode-times.ts';

const STEP = 3_000;
const decode = (depth: number, shown: readonly number[]): number[] => {
  const times = new PictureDecodeTimes();
  times.configure(depth, 30);
  return shown.map((picture) => times.next(picture * STEP) / STEP);
};

describe('decode times', () => {
  it.each<[string, number, readonly number[], readonly number[]]>([
    ['without reordering', 0, [0, 1, 2, 3], [0, 1, 2, 3]],
    ['with pictures between', 1, [0, 3, 1, 2, 6, 4, 5], [-1, 0, 1, 2, 3, 4, 5]],
    ['with a pyramid', 2, [0, 4, 2, 1, 3, 8, 6, 5, 7], [-2, -1, 0, 1, 2, 3, 4, 5, 6]],
  ])('follow from when pictures are shown %s', (_, depth, shown, decoded) => {
    expect(decode(depth, shown)).toEqual(decoded);
  });

  it('grow, and come before what is shown, also where the parameter sets did not tell of reordering', () => {
    const shown = [0, 3, 1, 2, 6, 4, 5, 9, 7, 8];
    const decoded = decode(0, shown);
    expect(decoded.every((time, i) => i === 0 || time > decoded[i - 1]!)).toBe(true);
    expect(decoded.slice(5).every((time, i) => time <= shown[i + 5]!)).toBe(true);
  });

  it('begin anew with an encoder that does', () => {
    const times = new PictureDecodeTimes();
    times.configure(1, 30);
    for (const picture of [0, 3, 1, 2]) times.next(picture * STEP);
    expect(times.next(10_000_000)).toBe(10_000_000 - STEP);
    times.restart();
    expect(times.next(-5 * STEP)).toBe(-6 * STEP);
  });
});
