import { expect, it } from 'vitest';
import { packLanguage } from './language.ts';

it.each([
  ['de', 'deu'],
  ['fr', 'fra'],
  ['pt-BR', 'por'],
  ['zh-Hant-TW', 'zho'],
  ['ENG', 'eng'],
  ['nds', 'nds'],
  ['zu', 'zul'],
  ['xx', 'und'],
  ['x-klingon', 'und'],
  ['', 'und'],
  [undefined, 'und'],
])('the language %s is packed as %s', (tag, code) => {
  const bits = packLanguage(tag);
  const letters = [10, 5, 0].map((shift) => String.fromCharCode(((bits >> shift) & 0x1f) + 0x60));
  expect([letters.join(''), bits >> 15]).toEqual([code, 0]);
});
