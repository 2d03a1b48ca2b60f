// The walk in docs/architecture.md names rooms that exist, few of them, and none twice.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const MOST_ROOMS = 24;

/** A row: `Class.method` (`file`), or `function` (`file`). */
const ROOM = /^\| (\d+) +\| `(\w+)(?:\.(\w+))?` \(`([^`]+)`\)/;

const section = readFileSync(join(ROOT, 'docs/architecture.md'), 'utf8')
  .split('## The walk of a frame')[1]!
  .split('\n## ')[0]!;
const rooms = section.split('\n').flatMap((line) => {
  const [, number, name, method, file] = ROOM.exec(line) ?? [];
  return name === undefined || file === undefined ? [] : [{ number: Number(number), name, method, file }];
});

describe('the walk of a frame', () => {
  it(`has at most ${MOST_ROOMS} rooms and comes back to none`, () => {
    expect(rooms.map(({ number }) => number)).toEqual(rooms.map((_, index) => index + 1));
    expect(rooms.length).toBeGreaterThan(15);
    expect(rooms.length).toBeLessThanOrEqual(MOST_ROOMS);
    expect(new Set(rooms.map(({ file }) => file)).size).toBe(rooms.length);
  });

  it.each(rooms)('room $number is there: $name in $file', ({ name, method, file }) => {
    const source = readFileSync(join(ROOT, file), 'utf8');
    expect(source).toMatch(new RegExp(`(?:class|function) ${name}\\b`));
    if (method !== undefined) expect(source).toMatch(new RegExp(`^  (?:async )*#?${method}\\(`, 'm'));
  });
});
