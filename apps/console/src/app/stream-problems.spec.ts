import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PROBLEM_ADVICE } from './stream-problems.ts';

const errors = readFileSync(resolve(import.meta.dirname, '../../../../docs/errors.md'), 'utf8');

/** The codes in the table under a heading. */
function codesUnder(heading: string): readonly string[] {
  const [, section = ''] = errors.split(`## ${heading}\n`);
  const [text = ''] = section.split('\n## ');
  return [...text.matchAll(/^\| `(\w+)`/gm)].map(([, code = '']) => code);
}

describe.each(['Refused publishers', 'Warnings of sessions'])('%s', (heading) => {
  it('all have a headline and an advice', () => {
    const codes = codesUnder(heading);
    expect(codes.length).toBeGreaterThan(4);
    expect(codes.filter((code) => !(code in PROBLEM_ADVICE))).toEqual([]);
  });
});
