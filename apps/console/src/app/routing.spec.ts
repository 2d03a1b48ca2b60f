import { describe, expect, it } from 'vitest';
import { matchPath, pathBelowBase } from './routing.tsx';

describe('matchPath', () => {
  it.each([
    ['/', '/', {}],
    ['/streams/:id', '/streams/str_1', { id: 'str_1' }],
    ['/streams/:id', '/streams/a%20b/', { id: 'a b' }],
    ['/streams/:id', '/streams', undefined],
    ['/streams/:id', '/rooms/room_1', undefined],
  ])('%s, %s', (pattern, path, values) => {
    expect(matchPath(pattern, path)).toEqual(values);
  });
});

it.each([
  ['/console', '/'],
  ['/console/', '/'],
  ['/console/streams/str_1', '/streams/str_1'],
])('the path of %s is %s', (pathname, path) => {
  expect(pathBelowBase(pathname)).toBe(path);
});
