import { globSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { variablesOf } from '@millrace/service-kit';
import { formatEnvExample } from './format-env-example.ts';
import { withLimitsTables } from './format-limits-table.ts';
import { formatKnownVariables } from './format-known-variables.ts';
import { KNOWN_VARIABLES_FILE, settingsOfAll, settingsOfPrograms } from './settings-of-all.ts';

const root = resolve(import.meta.dirname, '../../../..');
const read = (file: string): string => readFileSync(resolve(root, file), 'utf8');
const settings = settingsOfAll();

describe('what is written from the settings is current: else run "npm run env-example"', () => {
  it('.env.example', () => expect(read('.env.example')).toBe(formatEnvExample(settings)));
  it('the names that service-kit knows', () =>
    expect(read(KNOWN_VARIABLES_FILE)).toBe(formatKnownVariables([...settings, ...settingsOfPrograms()])));
  it('docs/limits.md', () => expect(read('docs/limits.md')).toBe(withLimitsTables(read('docs/limits.md'), settings)));
});

describe('settings', () => {
  const known = new Set([...settings, ...settingsOfPrograms()].flatMap(variablesOf));

  it('each have a sentence', () => {
    const lacking = settings.filter(({ description }) => !/^\p{Lu}.*\.$/u.test(description));
    expect(lacking.map(({ variable }) => variable)).toEqual([]);
  });

  it.each(['README.md', 'CONTRIBUTING.md', 'compose.yaml', 'Dockerfile', ...globSync('docs/**/*.md', { cwd: root })])(
    'that %s names exist',
    (file) => {
      const named = read(file).match(/\bMILLRACE_[A-Z_]*[A-Z]\b/g) ?? [];
      expect(named.filter((name) => !known.has(name))).toEqual([]);
    },
  );
});
