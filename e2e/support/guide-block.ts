// What the guides tell their readers to write: tests use it as it is.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

/**
 * The first code block in this language of a guide in `docs/`.
 *
 * @param start how it begins, where there are several
 */
export function guideBlock(guide: string, language: string, start = ''): string {
  const text = readFileSync(resolve(import.meta.dirname, '../../docs', guide), 'utf8');
  const blocks = [...text.matchAll(new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``, 'g'))].map(([, code]) => code!);
  const block = blocks.find((code) => code.startsWith(start));
  if (block === undefined) throw new Error(`${guide} has no block of ${language} that begins with "${start}"`);
  return block;
}
