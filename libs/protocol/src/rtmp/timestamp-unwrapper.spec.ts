import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TimestampUnwrapper } from './timestamp-unwrapper.ts';

function unwrapAll(...timestamps: readonly number[]): readonly number[] {
  const unwrapper = new TimestampUnwrapper();
  return timestamps.map((timestamp) => unwrapper.unwrap(timestamp));
}

describe('TimestampUnwrapper', () => {
  it.each<[string, readonly number[], readonly number[]]>([
    ['begins with the first timestamp', [4000, 4040], [4000, 4040]],
    ['begins above 2^31 too', [0xfffffff0], [0xfffffff0]],
    ['goes on over 2^32', [0xfffffff0, 0x10, 0x20], [0xfffffff0, 0x1_0000_0010, 0x1_0000_0020]],
    [
      'goes on over 2^31, where signed numbers turn',
      [0x7fffffff, 0x80000000, 0x80000001],
      [0x7fffffff, 0x80000000, 0x80000001],
    ],
    ['goes back by 1 ms and by 10 s', [20_000, 19_999, 9_999], [20_000, 19_999, 9_999]],
    ['goes back over the wrap', [0xfffffff0, 0x10, 0xfffffff8], [0xfffffff0, 0x1_0000_0010, 0xfffffff8]],
    ['stays where it is', [7, 7, 7], [7, 7, 7]],
    ['takes a step of exactly 2^31 for one back', [0x80000000, 0], [0x80000000, 0]],
    ['goes below zero', [5, 0xffffffff], [5, -1]],
  ])('%s', (_name, timestamps, expected) => {
    expect(unwrapAll(...timestamps)).toEqual(expected);
  });

  it('counts wraps over a year', () => {
    const unwrapper = new TimestampUnwrapper();
    const step = 3_600_000;
    for (let hour = 0; hour < 24 * 366; hour++) {
      expect(unwrapper.unwrap((hour * step) % 2 ** 32)).toBe(hour * step);
    }
  });

  it('gives back any timeline whose steps stay below 2^31', () => {
    fc.assert(
      fc.property(fc.nat(0xffffffff), fc.array(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })), (start, steps) => {
        const timeline = [start];
        for (const step of steps) timeline.push((timeline.at(-1) ?? 0) + step);
        const wire = timeline.map((time) => ((time % 2 ** 32) + 2 ** 32) % 2 ** 32);
        expect(unwrapAll(...wire)).toEqual(timeline);
      }),
    );
  });
});
