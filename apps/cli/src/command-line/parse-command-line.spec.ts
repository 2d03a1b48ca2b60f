import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../commands/index.ts';
import { CliError } from './cli-error.ts';
import { ExitCode } from './exit-code.ts';
import { parseCommandLine } from './parse-command-line.ts';

const parse = (line: string) => parseCommandLine(line === '' ? [] : line.split(' '), COMMANDS);

function faultOf(line: string): CliError {
  try {
    parse(line);
  } catch (error) {
    if (error instanceof CliError) return error;
    throw error;
  }
  throw new Error(`"${line}" was taken`);
}

describe('a command line', () => {
  it.each([
    ['streams list', 'streams list', []],
    ['streams', 'streams list', []],
    ['--json streams list', 'streams list', []],
    ['streams --url http://x list', 'streams list', []],
    ['keys create stage --name OBS', 'keys create', ['stage']],
    ['publish stage clip.flv --loop', 'publish', ['stage', 'clip.flv']],
    ['tail --type a.b --type c.*', 'tail', []],
  ])('%j is %s', (line, name, words) => {
    expect(parse(line)).toMatchObject({ kind: 'command', command: { name }, words });
  });

  it.each(['', '--help', 'help', '-h'])('%j explains the program', (line) => {
    expect(parse(line)).toEqual({ kind: 'help', topic: '' });
  });

  it.each([
    ['streams --help', 'streams list'],
    ['help streams', 'streams'],
    ['help keys rotate', 'keys rotate'],
    ['keys rotate -h', 'keys rotate'],
    ['keys --help', 'keys'],
  ])('%j explains %s', (line, topic) => {
    expect(parse(line)).toEqual({ kind: 'help', topic });
  });

  it('asks for the version', () => expect(parse('--version')).toEqual({ kind: 'version' }));

  it.each([
    ['stream list', /unknown command "stream"/, /Did you mean "streams"/],
    ['streams lst', /unknown command "streams lst"/, /Did you mean "streams list"/],
    ['nonsense', /unknown command/, /millrace --help/],
    ['keys', /one more word/, /keys list/],
    ['keys list', /STREAM is missing/, /keys list --help/],
    ['streams list stage', /unexpected argument "stage"/, /--help/],
    ['streams list --nmae x', /unknown option '--nmae'/i, /--help/],
    ['streams list --status odd', /--status must be one of idle/, /--help/],
    ['completion tcsh', /SHELL must be one of bash, zsh, fish/, /--help/],
    ['--jsn', /unknown option --jsn/, /--help/],
    ['streams list --limit', /--limit/, /--help/],
  ])('%j is refused with what is wrong and what to do', (line, message, advice) => {
    const fault = faultOf(line);
    expect(fault.exitCode).toBe(ExitCode.usage);
    expect(fault.message).toMatch(message);
    expect(fault.advice).toMatch(advice);
  });
});

describe('the table of commands', () => {
  it('has one meaning for each option, so that a line can be read before its command is known', () => {
    const kinds = new Map<string, Set<boolean>>();
    for (const { options = {} } of COMMANDS)
      for (const [name, { value }] of Object.entries(options))
        kinds.set(name, (kinds.get(name) ?? new Set()).add(value === undefined));
    expect([...kinds].filter(([, forms]) => forms.size > 1).map(([name]) => name)).toEqual([]);
  });

  it('takes no secret from the command line, which other users can read', () => {
    const names = COMMANDS.flatMap(({ options = {}, arguments: words = [] }) => [
      ...Object.entries(options).flatMap(([name, { value }]) => (value === undefined ? [] : [name])),
      ...words.map(({ name }) => name.toLowerCase()),
    ]);
    expect(names.filter((name) => /secret|password|token|^(api-|stream-)?key$/.test(name))).toEqual([]);
  });
});
