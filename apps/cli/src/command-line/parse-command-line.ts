// From the words of a command line to a command and its options.
import { parseArgs } from 'node:util';
import type { ParseArgsOptionsConfig } from 'node:util';
import { usageError } from './cli-error.ts';
import { GLOBAL_OPTIONS } from './command.ts';
import type { CliCommand, CliOption, CliValue } from './command.ts';

export type ParsedCommandLine =
  | { readonly kind: 'help'; readonly topic: string }
  | { readonly kind: 'version' }
  | {
      readonly kind: 'command';
      readonly command: CliCommand;
      readonly words: readonly string[];
      readonly values: Readonly<Record<string, CliValue>>;
    };

/** @throws CliError saying what is wrong, and what was probably meant */
export function parseCommandLine(args: readonly string[], commands: readonly CliCommand[]): ParsedCommandLine {
  const everything = Object.assign({}, GLOBAL_OPTIONS, ...commands.map(({ options }) => options)) as Options;
  const loose = parseArgs({
    args: [...args],
    options: configOf(everything),
    allowPositionals: true,
    strict: false,
  });
  const words = loose.positionals;
  if (words.length === 0 && loose.values['version'] === true) return { kind: 'version' };
  if (words[0] === 'help') return { kind: 'help', topic: topicOf(words.slice(1), commands) };
  const wantsHelp = loose.values['help'] === true;
  if (words.length === 0) {
    const unknown = Object.keys(loose.values).find((name) => !(name in everything));
    if (unknown !== undefined) throw usageError(`unknown option --${unknown}`, 'Run "millrace --help".');
    if (!wantsHelp && Object.keys(loose.values).length > 0) throw usageError('no command', 'Run "millrace --help".');
    return { kind: 'help', topic: '' };
  }
  const command = commandOf(words, commands);
  if (wantsHelp) return { kind: 'help', topic: command?.name ?? topicOf(words, commands) };
  if (command === undefined) throw unknownCommand(words, commands);
  return { kind: 'command', command, ...takeApart(args, command, words[1] === command.name.split(' ')[1]) };
}

type Options = Readonly<Record<string, CliOption>>;

function configOf(options: Options): ParseArgsOptionsConfig {
  return Object.fromEntries(
    Object.entries(options).map(([name, { value, short, repeats }]) => [
      name,
      {
        type: value === undefined ? 'boolean' : 'string',
        multiple: repeats === true,
        ...(short !== undefined && { short }),
      },
    ]),
  );
}

/** The command that the first words name; the list of a group where it is named alone. */
function commandOf(words: readonly string[], commands: readonly CliCommand[]): CliCommand | undefined {
  const named = (name: string): CliCommand | undefined => commands.find((command) => command.name === name);
  const found = named(words.slice(0, 2).join(' ')) ?? named(words[0] ?? '');
  if (found !== undefined || words.length > 1) return found;
  const list = named(`${words[0]} list`);
  return list?.arguments === undefined ? list : undefined;
}

function topicOf(words: readonly string[], commands: readonly CliCommand[]): string {
  if (words.length === 0) return '';
  const topic = words.slice(0, 2).join(' ');
  const isTopic = (name: string): boolean =>
    commands.some((command) => command.name === name || command.name.startsWith(`${name} `));
  if (isTopic(topic)) return topic;
  if (words[0] !== undefined && isTopic(words[0])) return words[0];
  throw unknownCommand(words, commands);
}

function unknownCommand(words: readonly string[], commands: readonly CliCommand[]): Error {
  const [first = '', second] = words;
  const ofGroup = commands.filter(({ name }) => name.startsWith(`${first} `)).map(({ name }) => name);
  if (ofGroup.length > 0 && second === undefined)
    return usageError(`"millrace ${first}" needs one more word`, `Run one of: ${ofGroup.join(', ')}.`);
  const names = ofGroup.length > 0 ? ofGroup : commands.map(({ name }) => name);
  const given = ofGroup.length > 0 ? `${first} ${second}` : first;
  const comparable = (name: string): string => (ofGroup.length > 0 ? name : (name.split(' ', 1)[0] ?? ''));
  const nearest = names.map(comparable).toSorted((a, b) => distance(a, given) - distance(b, given))[0];
  const meant = nearest !== undefined && distance(nearest, given) <= 2 ? `Did you mean "${nearest}"? ` : '';
  return usageError(`unknown command "${given}"`, `${meant}Run "millrace --help" for the list.`);
}

/** Levenshtein's distance: how many letters to change, add or remove. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next.push(Math.min(next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[b.length]!;
}

function takeApart(args: readonly string[], command: CliCommand, twoWords: boolean) {
  const seeHelp = `Run "millrace ${command.name} --help".`;
  const options: Options = { ...GLOBAL_OPTIONS, ...command.options };
  const { positionals, values } = parse(args, options, seeHelp);
  const words = positionals.slice(twoWords ? 2 : 1);
  const wanted = command.arguments ?? [];
  const missing = wanted.find(({ optional }, index) => optional !== true && words[index] === undefined);
  if (missing !== undefined) throw usageError(`${missing.name} is missing: ${missing.text}`, seeHelp);
  if (words.length > wanted.length) throw usageError(`unexpected argument "${words[wanted.length]}"`, seeHelp);
  for (const [index, { name, choices }] of wanted.entries()) {
    const word = words[index];
    if (word !== undefined && choices !== undefined && !choices.includes(word))
      throw usageError(`${name} must be one of ${choices.join(', ')}, not "${word}"`, seeHelp);
  }
  for (const [name, { choices }] of Object.entries(options)) {
    const value = values[name];
    if (typeof value === 'string' && choices !== undefined && !choices.includes(value))
      throw usageError(`--${name} must be one of ${choices.join(', ')}, not "${value}"`, seeHelp);
  }
  return { words, values };
}

function parse(args: readonly string[], options: Options, seeHelp: string) {
  try {
    return parseArgs({ args: [...args], options: configOf(options), allowPositionals: true, strict: true });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    // Node's sentence; what follows it in the message is about positionals, and helps only programmers.
    throw usageError(
      (error.message.split('. ')[0] ?? '').replace(/^\w/, (letter) => letter.toLowerCase()),
      seeHelp,
    );
  }
}
