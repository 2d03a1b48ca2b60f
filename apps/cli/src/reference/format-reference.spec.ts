import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { COMMANDS } from '../commands/index.ts';
import { EXIT_CODES, ExitCode } from '../command-line/exit-code.ts';
import { helpOn } from '../command-line/help.ts';
import { withReference } from './format-reference.ts';

const page = readFileSync(resolve(import.meta.dirname, '../../../../docs/cli.md'), 'utf8');

it('docs/cli.md has the help of every command as it is: else run "npm run cli-reference"', () => {
  expect(page).toBe(withReference(page, COMMANDS));
});

it('the help fits a terminal of 80 columns', () => {
  const topics = ['', ...COMMANDS.flatMap(({ name }) => [name, name.split(' ')[0] ?? ''])];
  const long = topics.flatMap((topic) => helpOn(topic, COMMANDS).split('\n')).filter((line) => line.length > 80);
  expect(long.filter((line) => !line.startsWith('  millrace '))).toEqual([]);
});

it('the help has every exit code', () => {
  const help = helpOn('', COMMANDS);
  for (const [name, text] of Object.entries(EXIT_CODES)) {
    expect(help).toContain(`  ${ExitCode[name as keyof typeof ExitCode]}`);
    expect(help).toContain(text.slice(0, 30));
  }
});
