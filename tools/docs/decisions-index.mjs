// Writes docs/decisions/README.md from the decisions beside it: `npm run decisions`.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = join(dirname(fileURLToPath(import.meta.url)), '../../docs/decisions');

/** The index as it should be. */
export function decisionsIndex() {
  const files = readdirSync(folder)
    .filter((name) => /^\d{4}-.*\.md$/.test(name))
    .sort();
  const lines = files.map((file) => {
    const text = readFileSync(join(folder, file), 'utf8');
    const title = /^# \d{4}: (.+)$/m.exec(text)?.[1] ?? file;
    const status = /^\d{4}-\d{2}-\d{2} · (.+)$/m.exec(text)?.[1] ?? '';
    return `- [${file.slice(0, 4)}](${file}): ${title} (${status})`;
  });
  return [
    '# Decisions',
    '',
    'Choices with a cost, one a page, after the [template](template.md). `npm run decisions` writes this list.',
    '',
    ...lines,
    '',
  ].join('\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(join(folder, 'README.md'), decisionsIndex());
