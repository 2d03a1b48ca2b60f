import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IdPrefix, isId, newId } from './ids.ts';

describe('newId', () => {
  it('makes an id of its kind, and of no other kind', () => {
    for (const prefix of Object.values(IdPrefix)) {
      const id = newId(prefix);
      for (const other of Object.values(IdPrefix)) expect(isId(other, id)).toBe(other === prefix);
    }
  });

  it('sorts by time, over the whole range of a date', () => {
    const time = fc.integer({ min: 0, max: 2 ** 48 - 1 });
    fc.assert(
      fc.property(time, time, (a, b) => {
        fc.pre(a !== b);
        expect(newId('str', a) < newId('str', b)).toBe(a < b);
      }),
    );
  });

  it('writes the time as its first ten characters', () => {
    expect(newId('ten', 0).slice(0, 14)).toBe('ten_0000000000');
    expect(newId('ten', 33).slice(0, 14)).toBe('ten_0000000011');
    expect(newId('ten', 2 ** 48 - 1).slice(0, 14)).toBe('ten_7zzzzzzzzz');
  });

  it('sorts ids of one millisecond in the order in which they were made, and makes none twice', () => {
    const ids = Array.from({ length: 10_000 }, () => newId('ses', 1_000));
    expect(ids.toSorted()).toEqual(ids);
    expect(new Set(ids).size).toBe(10_000);
  });

  it('cannot be told from the id before it', () => {
    const [first, second] = [newId('ses', 2_000), newId('ses', 2_000)];
    expect(first.slice(-12)).not.toBe(second.slice(-12));
  });
});

describe('isId', () => {
  const good = newId('str');
  it.each([
    ['nothing', ''],
    ['the prefix alone', 'str_'],
    ['one character missing', good.slice(0, -1)],
    ['one character more', `${good}0`],
    ['a letter outside the alphabet', `${good.slice(0, -1)}u`],
    ['upper case', good.toUpperCase()],
    ['a subject wildcard', `${good.slice(0, -1)}*`],
    ['a line break', `${good.slice(0, -1)}\n`],
    ['another separator', good.replace('_', '-')],
  ])('refuses %s', (_, text) => {
    expect(isId('str', text)).toBe(false);
  });
});
