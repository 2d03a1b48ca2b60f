import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readRepository } from './namesakes.ts';
import { avoidedWords } from './plain-words.ts';

describe('words that stand in for a noun', () => {
  const words = (path: string, text: string): string[] => avoidedWords([{ path, text }]);

  it('are found in comments, in names of tests and in documents', () => {
    expect(words('a.ts', '// Called by whoever listens.\nconst x = 1;')).toEqual(['a.ts:1: whoever']);
    expect(words('a.ts', ' * Nobody waits for it.')).toEqual(['a.ts:1: Nobody']);
    expect(words('a.spec.ts', "  it('tells somebody', () => {")).toEqual(['a.spec.ts:1: somebody']);
    expect(words('a.md', 'An encoder at hand.')).toEqual(['a.md:1: at hand']);
  });

  it('are left alone in code, and where they are a name', () => {
    expect(words('a.ts', "const user = 'nobody';")).toEqual([]);
    expect(words('a.ts', '// As root it runs as `nobody`.')).toEqual([]);
  });

  it('are nowhere', () => {
    const files = readRepository(resolve(import.meta.dirname, '../..'), ['.ts', '.mts', '.mjs', '.js', '.md']);
    const own = /^tools\/lint\/plain-words|^CHANGELOG\.md$/;
    expect(avoidedWords(files.filter(({ path }) => !own.test(path)))).toEqual([]);
  });
});
