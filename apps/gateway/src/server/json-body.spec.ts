import { describe, expect, it } from 'vitest';
import { jsonDepth } from './json-body.ts';

describe('jsonDepth', () => {
  it.each([
    ['1', 0],
    ['{}', 1],
    ['[]', 1],
    ['{"a":[{}]}', 3],
    ['[1,[2],[3,[4]]]', 3],
    ['"[[[["', 0],
    ['{"[[[":"]]]"}', 1],
    ['{"a":"\\"[[["}', 1],
    ['{"a\\\\":[]}', 2],
    ['[[[', 3],
    [']]][', 0],
    ['"', 0],
    ['"\\', 0],
  ])('of %s is %d', (text, depth) => {
    expect(jsonDepth(text)).toBe(depth);
  });
});
