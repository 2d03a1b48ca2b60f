import { Linter } from 'eslint';
import { resolve } from 'node:path';
import tseslint from 'typescript-eslint';
import { describe, expect, it } from 'vitest';
import { privacyRule } from './privacy-rule.mjs';

const faults = (filename: string, code: string): number =>
  new Linter({ cwd: resolve(import.meta.dirname, '../..') }).verify(
    code,
    {
      files: ['**/*.ts'],
      languageOptions: { parser: tseslint.parser },
      plugins: { millrace: { rules: { privacy: privacyRule } } },
      rules: { 'millrace/privacy': 'error' },
    },
    { filename },
  ).length;

describe('what a class keeps to itself', () => {
  it.each([
    ['a field', 'class A { private readonly b = 1; }'],
    ['a method', 'class A { private b() {} }'],
    ['a parameter', 'class A { constructor(private readonly b: number) {} }'],
  ])('%s has a name with #, not the keyword', (_, code) => {
    expect(faults('libs/playout/src/a.ts', code)).toBe(1);
    expect(faults('apps/gateway/src/a.ts', code)).toBe(0);
  });

  it('may be its constructor, and members for classes below it', () => {
    expect(faults('libs/playout/src/a.ts', 'class A { private constructor() {} #b = 1; protected c = 2; }')).toBe(0);
  });
});
