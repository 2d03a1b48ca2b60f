import { describe, expect, it } from 'vitest';
import { bufferSeconds, formatSeconds, latencySeconds } from './figures.ts';

describe('latencySeconds', () => {
  it.each([
    ['by the date of the picture', 10_000, 4_000, 3, 6],
    ['by the end of the playlist when there is no date', 10_000, undefined, 3, 3],
    ['by the end of the playlist when the clocks disagree', 10_000, 20_000, 3, 3],
    ['unknown when nothing is', 10_000, undefined, undefined, undefined],
    ['unknown when the player does not know yet', 10_000, undefined, 0, undefined],
  ])('%s', (_, now, playingAt, behind, seconds) => {
    expect(latencySeconds(now, playingAt, behind)).toBe(seconds);
  });
});

describe('bufferSeconds', () => {
  it.each([
    [5, [[0, 12]], 7],
    [
      5,
      [
        [0, 4],
        [4.9, 9],
      ],
      4,
    ],
    [5, [[6, 9]], 0],
    [5, [], 0],
  ] as const)('at %d with %j loaded: %d', (at, ranges, seconds) => {
    expect(bufferSeconds(at, ranges)).toBe(seconds);
  });
});

describe('formatSeconds', () => {
  it('has one digit, or a dash', () => {
    expect([formatSeconds(3.14159), formatSeconds(undefined)]).toEqual(['3.1 s', '–']);
  });
});
