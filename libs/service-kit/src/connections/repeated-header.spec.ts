import { describe, expect, it } from 'vitest';
import { repeatedHeader } from './repeated-header.ts';

describe('repeatedHeader', () => {
  it.each([
    [['Host', 'a'], undefined],
    [['Host', 'a', 'Accept', 'b', 'HOST', 'a'], 'host'],
    [['Accept', 'host', 'Host', 'host', 'X', 'host'], undefined],
    [['Host', 'a', 'Authorization', 'b', 'host', 'c'], 'host'],
    [['Authorization', 'a', 'Host', 'b', 'authorization', 'c'], 'authorization'],
    [['Host', 'a', 'Authorization', 'b'], undefined],
    [['Accept', 'a', 'Accept', 'b'], undefined],
    [[], undefined],
  ])('of %j: %s', (rawHeaders, name) => {
    expect(repeatedHeader(rawHeaders)).toBe(name);
  });
});
