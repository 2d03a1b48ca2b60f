import { describe, expect, it } from 'vitest';
import { readStreamInfo, viewersText } from './stream-info.ts';

describe('what the page knows of the stream', () => {
  it.each([
    [
      { name: 'Concert', live: true, viewers: 3 },
      { name: 'Concert', viewers: 3 },
    ],
    [
      { name: null, live: false, viewers: 0 },
      { name: undefined, viewers: 0 },
    ],
    [{ name: 'x' }, undefined],
    [null, undefined],
    ['x', undefined],
  ])('%j', (answer, info) => {
    expect(readStreamInfo(answer)).toEqual(info);
  });

  it.each([
    [1, '1 watching'],
    [999, '999 watching'],
    [12_345, '12.3K watching'],
  ])('%d: %s', (viewers, text) => {
    expect(viewersText(viewers)).toBe(text);
  });
});
