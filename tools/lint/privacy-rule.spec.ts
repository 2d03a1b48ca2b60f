import { Linter } from 'eslint';
import { resolve } from 'node:path';
import tseslint from 'typescript-eslint';
import { describe, expect, it } from 'vitest';
import { privacyRule } from './privacy-rule.mjs';

const faults = (code: string): number =>
  new Linter({ cwd: resolve(import.meta.dirname, '../..') }).verify(
    code,
    {
      files: ['**/*.ts'],
      languageOptions: { parser: tseslint.parser },
      plugins: { millrace: { rules: { privacy: privacyRule } } },
      rules: { 'millrace/privacy': 'error' },
    },
    { filename: 'libs/playout/src/a.ts' },
  ).length;

describe('what a class keeps to itself', () => {
  it.each([
    ['a field', 'class A { private readonly b = 1; }'],
    ['a method', 'class A { private b() {} }'],
    ['a parameter', 'class A { constructor(private readonly b: number) {} }'],
  ])('%s has a name with #, not the keyword', (_, code) => {
    expect(faults(code)).toBe(1);
  });

  it('keeps the keyword where Nest injects it', () => {
    expect(faults('@Injectable() class A { constructor(private readonly b: B) {} }')).toBe(0);
    expect(faults('@Injectable() class A { private readonly b = 1; constructor(private readonly c: C) {} }')).toBe(1);
  });

  it('may be its constructor, and members for classes below it', () => {
    expect(faults('class A { private constructor() {} #b = 1; protected c = 2; }')).toBe(0);
  });
});
