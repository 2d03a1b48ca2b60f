import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '../commands/index.ts';
import { completionScript, SHELLS } from './completion.ts';

const folder = mkdtempSync(join(tmpdir(), 'millrace-completion-'));
const script = join(folder, 'completion.bash');
writeFileSync(script, completionScript('bash', COMMANDS));
writeFileSync(join(folder, 'concert.flv'), '');
afterAll(() => rmSync(folder, { recursive: true }));

/** What bash offers for the last word of a line. */
function complete(line: string): string[] {
  const program = `source "$1"; shift
    COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _millrace; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const args = ['--norc', '-c', program, 'bash', script, ...line.split(' ')];
  return execFileSync('bash', args, { encoding: 'utf8', cwd: folder }).split('\n').filter(Boolean);
}

describe('completion in bash', () => {
  it.each([
    ['millrace str', ['streams']],
    ['millrace streams de', ['delete']],
    ['millrace --json streams de', ['delete']],
    ['millrace --url http://x:1 keys ro', ['rotate']],
    ['millrace streams list --stat', ['--status']],
    ['millrace streams list --status act', ['active']],
    ['millrace streams list --status active --li', ['--limit']],
    ['millrace completion ', ['bash', 'zsh', 'fish', '--json', '--url', '--profile', '--operator', '--help']],
    ['millrace publish stage conc', ['concert.flv']],
    ['millrace help keys', ['keys']],
  ])('%j', (line, words) => {
    expect(complete(line)).toEqual(words);
  });

  it('offers every command first', () => {
    const offered = complete('millrace ');
    for (const { name } of COMMANDS) expect(offered).toContain(name.split(' ')[0]);
  });
});

describe.each(SHELLS)('the script for %s', (shell) => {
  it('names every command and every option', () => {
    const text = completionScript(shell, COMMANDS);
    for (const { name, options = {} } of COMMANDS) {
      for (const word of name.split(' ')) expect(text).toContain(word);
      for (const option of Object.keys(options))
        expect(text).toContain(shell === 'fish' ? `-l ${option}` : `--${option}`);
    }
  });
});
