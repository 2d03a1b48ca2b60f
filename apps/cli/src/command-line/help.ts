// The help of the whole program, of a group of commands, and of one command: 80 columns, no colours, the same in docs/cli.md.
import { GLOBAL_OPTIONS } from './command.ts';
import type { CliCommand, CliOption } from './command.ts';
import { EXIT_CODES, ExitCode } from './exit-code.ts';

const WIDTH = 80;
const INDENT = '  ';

/** The lines of a two-column list: names on the left, texts wrapped on the right. */
function columns(rows: readonly (readonly [string, string])[]): string[] {
  const left = Math.max(...rows.map(([name]) => name.length)) + 2;
  return rows.flatMap(([name, text]) =>
    wrap(text, WIDTH - INDENT.length - left).map((line, index) =>
      `${INDENT}${(index === 0 ? name : '').padEnd(left)}${line}`.trimEnd(),
    ),
  );
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

const optionName = (name: string, { short, value }: CliOption): string =>
  `${short === undefined ? '    ' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`;

const optionText = ({ text, choices }: CliOption): string =>
  choices === undefined ? text : `${text} One of ${choices.join(', ')}.`;

const optionRows = (options: Readonly<Record<string, CliOption>>) =>
  Object.entries(options).map(([name, option]) => [optionName(name, option), optionText(option)] as const);

export const usageOf = ({ name, arguments: wanted = [], options = {} }: CliCommand): string =>
  [
    `millrace ${name}`,
    ...wanted.map((argument) => (argument.optional === true ? `[${argument.name}]` : argument.name)),
    ...(Object.keys(options).length > 0 ? ['[OPTION…]'] : []),
  ].join(' ');

export function commandHelp(command: CliCommand): string {
  const { summary, details, arguments: wanted = [], options = {}, examples = [] } = command;
  return [
    `Usage: ${usageOf(command)}`,
    '',
    ...wrap(summary, WIDTH),
    ...(details === undefined ? [] : ['', ...details.split('\n').flatMap((line) => wrap(line, WIDTH))]),
    ...(wanted.length === 0 ? [] : ['', 'Arguments:', ...columns(wanted.map(({ name, text }) => [name, text]))]),
    ...(Object.keys(options).length === 0 ? [] : ['', 'Options:', ...columns(optionRows(options))]),
    '',
    'Options of every command:',
    ...columns(optionRows(GLOBAL_OPTIONS)),
    ...(examples.length === 0 ? [] : ['', 'Examples:', ...examples.map((example) => INDENT + example)]),
    '',
  ].join('\n');
}

/** The commands of one group, such as `streams`. */
function groupHelp(group: string, commands: readonly CliCommand[]): string {
  const rows = commands.map((command) => [usageOf(command).replace(' [OPTION…]', ''), command.summary] as const);
  return [`Usage: millrace ${group} COMMAND`, '', 'Commands:', ...columns(rows), ''].join('\n');
}

export function programHelp(commands: readonly CliCommand[]): string {
  return [
    'Usage: millrace COMMAND [OPTION…]',
    '',
    'Manages a Millrace server: streams, keys and tenants, live state, events, a test',
    'picture, and a diagnosis.',
    '',
    'Commands:',
    ...columns(commands.map(({ name, summary }) => [name, summary] as const)),
    '',
    'Options of every command:',
    ...columns(optionRows(GLOBAL_OPTIONS)),
    '',
    'Which server, with which key: --url or MILLRACE_URL, with MILLRACE_API_KEY or',
    'MILLRACE_API_KEY_FILE; else the profile that "millrace login" wrote; else the',
    'data folder of "npm start" (MILLRACE_DATA_DIR, or ./data).',
    '',
    'Exit codes:',
    ...columns(
      Object.entries(EXIT_CODES).map(([name, text]) => [String(ExitCode[name as keyof typeof ExitCode]), text]),
    ),
    '',
    'Run "millrace COMMAND --help" for the options of a command.',
    '',
  ].join('\n');
}

/** @param topic the name of a command, the first word of several, or nothing */
export function helpOn(topic: string, commands: readonly CliCommand[]): string {
  const command = commands.find(({ name }) => name === topic);
  if (command !== undefined) return commandHelp(command);
  const group = commands.filter(({ name }) => name.startsWith(`${topic} `));
  return group.length > 0 ? groupHelp(topic, group) : programHelp(commands);
}
