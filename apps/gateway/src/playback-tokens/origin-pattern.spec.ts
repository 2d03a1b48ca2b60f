import { describe, expect, it } from 'vitest';
import { matchesOrigin, originPattern } from './origin-pattern.ts';

describe('originPattern', () => {
  it.each(['https://example.com', 'http://localhost:3000', 'https://*.example.com', 'https://*.a.example.com:8443'])(
    'takes %s',
    (text) => expect(originPattern.safeParse(text).success).toBe(true),
  );

  it.each([
    'example.com',
    '*',
    'https://*',
    'https://*example.com',
    'https://a.*.com',
    'https://example.com/',
    'ftp://x.y',
    '',
    'https://example.com:0',
    'https://example.com:99999',
    'https://a..example.com',
  ])('refuses %j', (text) => expect(originPattern.safeParse(text).success).toBe(false));
});

describe('an origin that no browser sends', () => {
  it('is refused once, with the one that they send', () => {
    const { error } = originPattern.safeParse('https://*.example.com:443');
    expect(error?.issues.map(({ message }) => message)).toEqual(['is sent as https://example.com by browsers']);
  });
});

describe('matchesOrigin', () => {
  it.each([
    ['https://example.com', 'https://example.com', true],
    ['https://example.com', 'http://example.com', false],
    ['https://example.com', 'https://example.com:8443', false],
    ['https://example.com', 'https://example.com.evil.test', false],
    ['https://*.example.com', 'https://a.example.com', true],
    ['https://*.example.com', 'https://a.b.example.com', true],
    ['https://*.example.com', 'https://example.com', false],
    ['https://*.example.com', 'https://.example.com', false],
    ['https://*.example.com', 'https://evilexample.com', false],
    ['https://*.example.com', 'http://a.example.com', false],
    ['https://*.example.com', 'https://a.example.com.evil.test', false],
  ])('%s and %s: %j', (pattern, origin, matches) => expect(matchesOrigin([pattern], origin)).toBe(matches));

  it('asks every pattern', () => {
    expect(matchesOrigin(['https://a.test', 'https://b.test'], 'https://b.test')).toBe(true);
    expect(matchesOrigin([], 'https://b.test')).toBe(false);
  });
});
