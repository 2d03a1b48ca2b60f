import { describe, expect, it } from 'vitest';
import { parseRange } from './byte-range.ts';

describe('parseRange', () => {
  it.each([
    ['the first bytes', 'bytes=0-499', { start: 0, end: 499 }],
    ['bytes in the middle', 'bytes=500-599', { start: 500, end: 599 }],
    ['from a byte on', 'bytes=900-', { start: 900, end: 999 }],
    ['the last bytes', 'bytes=-100', { start: 900, end: 999 }],
    ['one byte', 'bytes=0-0', { start: 0, end: 0 }],
    ['an end behind the end', 'bytes=990-5000', { start: 990, end: 999 }],
    ['more last bytes than there are', 'bytes=-5000', { start: 0, end: 999 }],
    ['the unit in other case', 'Bytes=1-2', { start: 1, end: 2 }],
    ['white space around', ' bytes=1-2 ', { start: 1, end: 2 }],
    ['a start behind the end', 'bytes=1000-', 'unsatisfiable'],
    ['no last byte', 'bytes=-0', 'unsatisfiable'],
    ['a huge start', 'bytes=999999999999999-', 'unsatisfiable'],
  ] as const)('reads %s', (_, header, range) => {
    expect(parseRange(header, 1_000)).toEqual(range);
  });

  it.each([
    '',
    'bytes',
    'bytes=',
    'bytes=-',
    'bytes=a-b',
    'bytes=5-2',
    'bytes=1-2,5-6',
    'items=0-1',
    'bytes=0x1-2',
    'bytes=--5',
    'bytes=1.5-2',
    'bytes=1-2-3',
    `bytes=${'9'.repeat(30)}-`,
    'bytes=\u0661-2',
  ])('ignores %j', (header) => {
    expect(parseRange(header, 1_000)).toBeUndefined();
  });
});
