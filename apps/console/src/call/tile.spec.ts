import { expect, it } from 'vitest';
import { initialsOf } from './tile.ts';

it.each([
  ['Ada Lovelace', 'AL'],
  ['ada', 'A'],
  ['Ada King of Lovelace', 'AL'],
  ['  李  小龙 ', '李小'],
  ['😀 x', '😀X'],
  ['', ''],
])('%j has the initials %j', (name, initials) => {
  expect(initialsOf(name)).toBe(initials);
});
