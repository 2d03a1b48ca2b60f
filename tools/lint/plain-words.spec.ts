import { ESLint } from 'eslint';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readRepository } from './namesakes.ts';
import { avoidedWord } from './plain-words.mjs';

const root = resolve(import.meta.dirname, '../..');

describe('words in place of a noun', () => {
  const eslint = new ESLint({ cwd: root, ruleFilter: ({ ruleId }) => ruleId === 'millrace/plain-words' });
  const faults = async (text: string): Promise<string[]> => {
    const [result] = await eslint.lintText(text, { filePath: resolve(root, 'tools/x.mjs') });
    return (result?.messages ?? []).map(({ message }) => message);
  };

  it.each([
    ['a comment', '// Called by whoever listens.', 'whoever'],
    ['a comment of several lines', '/**\n * Nobody waits for it.\n */', 'Nobody'],
    ['the name of a test', "it('tells somebody', () => undefined);", 'somebody'],
    ['the name of a group of tests', "describe('by turns', () => undefined);", 'by turns'],
    ['the name of tests of a table', "it.each([1])('is at hand', () => undefined);", 'at hand'],
    ['a name with values in it', 'it(`is for anybody but ${1}`, () => undefined);', 'anybody'],
  ])('are a fault in %s', async (_, text, word) => {
    expect(await faults(text)).toEqual([`Name the noun instead of '${word}'.`]);
  });

  it('are left alone in code, and where they are a name', async () => {
    expect(
      await faults("export const user = 'nobody';\n// As root it runs as `nobody`.\ntest.add('nobody');\n"),
    ).toEqual([]);
  });

  it('are in no document', () => {
    // What releases wrote in the past stays as it is.
    const documents = readRepository(root, ['.md']).filter(({ path }) => path !== 'CHANGELOG.md');
    const found = documents.flatMap(({ path, text }) =>
      text.split('\n').flatMap((line, index) => {
        const word = avoidedWord(line);
        return word === undefined ? [] : [`${path}:${index + 1}: ${word}`];
      }),
    );
    expect(documents.length).toBeGreaterThan(30);
    expect(found).toEqual([]);
  });
});
