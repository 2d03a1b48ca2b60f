import { describe, expect, it } from 'vitest';
import { holdsIfRange, immutableTag, matchesTag, strongTag } from './entity-tag.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text);

describe.each([strongTag, immutableTag])('%o', (tagOf) => {
  it('is quoted and strong, the same for the same bytes, another for others', () => {
    expect(tagOf(bytes('a'))).toMatch(/^"[\w-]+"$/);
    expect(tagOf(bytes('a'))).toBe(tagOf(bytes('a')));
    expect(tagOf(bytes('a'))).not.toBe(tagOf(bytes('b')));
  });
});

describe('matchesTag', () => {
  it.each([
    ['"x"', true],
    ['W/"x"', true],
    ['"y", "x"', true],
    ['"y" , W/"x" ', true],
    ['*', true],
    ['"y"', false],
    ['x', false],
    ['"X"', false],
    ['', false],
  ])('If-None-Match %s: %s', (header, matches) => {
    expect(matchesTag(header, '"x"')).toBe(matches);
  });
});

describe('holdsIfRange', () => {
  it.each([
    [undefined, true],
    ['"x"', true],
    ['W/"x"', false],
    ['"y"', false],
    ['Tue, 24 Nov 2026 00:00:00 GMT', false],
  ])('If-Range %s: %s', (header, holds) => {
    expect(holdsIfRange(header, '"x"')).toBe(holds);
  });
});
