import { describe, expect, it } from 'vitest';
import { acceptsGzip, prefersHtml } from './accept.ts';

const CHROMIUM = 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8';

describe('whether a request prefers a page to JSON', () => {
  it.each([
    [CHROMIUM, true],
    ['text/html', true],
    ['TEXT/HTML;charset=utf-8', true],
    ['text/*, application/json;q=0.5', true],
    ['text/html;q=0.9, application/json;q=0.899', true],
    [undefined, false],
    ['', false],
    ['*/*', false],
    ['application/json', false],
    ['application/problem+json, text/html;q=0.5', false],
    ['text/html, application/json', false],
    ['text/html;q=0', false],
    ['text/html;q=2', false],
    ['text/html;q=x', false],
    [';;,,=', false],
  ])('%s: %s', (accept, expected) => {
    expect(prefersHtml(accept)).toBe(expected);
  });
});

it.each([
  [undefined, false],
  ['', false],
  ['br', false],
  ['gzip', true],
  ['br, GZIP;q=0.5', true],
  ['gzip;q=0', false],
  ['*', true],
  ['*, gzip;q=0', false],
])('gzip is accepted by "%s": %s', (header, accepted) => {
  expect(acceptsGzip(header)).toBe(accepted);
});
