// Completion scripts, made from the table of commands: shells need not run the program to complete its words.
import { GLOBAL_OPTIONS } from './command.ts';
import type { CliCommand, CliOption } from './command.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type CompletionShell = (typeof SHELLS)[number];

const optionsOf = (command: CliCommand): Readonly<Record<string, CliOption>> => ({
  ...GLOBAL_OPTIONS,
  ...command.options,
});
const isFile = (command: CliCommand): boolean => command.arguments?.some(({ file }) => file === true) === true;
const choicesOf = (command: CliCommand): readonly string[] =>
  command.arguments?.flatMap(({ choices = [] }) => choices) ?? [];
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** Options with a value, of any command: the word behind them is no command. */
const valueOptions = (commands: readonly CliCommand[]): string[] => [
  ...new Set(
    commands.flatMap((command) =>
      Object.entries(optionsOf(command)).flatMap(([name, { value }]) => (value === undefined ? [] : [`--${name}`])),
    ),
  ),
];

/** First words, and the second words behind each. */
function wordsOf(commands: readonly CliCommand[]): Map<string, string[]> {
  const words = new Map<string, string[]>();
  for (const { name } of commands) {
    const [first = '', second] = name.split(' ');
    words.set(first, [...(words.get(first) ?? []), ...(second === undefined ? [] : [second])]);
  }
  return words;
}

export function completionScript(shell: CompletionShell, commands: readonly CliCommand[]): string {
  switch (shell) {
    case 'bash':
      return bash(commands);
    case 'zsh':
      return `# After compinit:  source <(millrace completion zsh)\nautoload -U +X bashcompinit && bashcompinit\n${bash(commands)}`;
    case 'fish':
      return fish(commands);
  }
}

/** For bash 3.2 and later, which macOS has: no associative arrays. */
function bash(commands: readonly CliCommand[]): string {
  const words = wordsOf(commands);
  const globals = Object.keys(GLOBAL_OPTIONS).map((name) => `--${name}`);
  const cases = [
    `    '') words=${quoted([...words.keys(), 'help', '--version', ...globals].join(' '))} ;;`,
    `    help) words=${quoted([...words.keys()].join(' '))} ;;`,
    ...[...words].flatMap(([first, seconds]) =>
      seconds.length === 0 ? [] : [`    ${quoted(first)}) words=${quoted([...seconds, ...globals].join(' '))} ;;`],
    ),
    ...commands.map((command) => {
      const all = [...choicesOf(command), ...Object.keys(optionsOf(command)).map((name) => `--${name}`)];
      return `    ${quoted(command.name)}) words=${quoted(all.join(' '))};${isFile(command) ? ' files=1;' : ''} ;;`;
    }),
  ];
  const choices = commands.flatMap((command) =>
    Object.entries(optionsOf(command)).flatMap(([name, option]) =>
      option.choices === undefined
        ? []
        : [`    ${quoted(`${command.name} --${name}`)}) words=${quoted(option.choices.join(' '))} ;;`],
    ),
  );
  return `# Completion of millrace. Load it with:  source <(millrace completion bash)
_millrace() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}"
  local path='' words='' files='' index word skip=''
  for ((index = 1; index < COMP_CWORD; index++)); do
    word="\${COMP_WORDS[index]}"
    if [ -n "$skip" ]; then skip=''; continue; fi
    case "$word" in
      ${valueOptions(commands).join('|')}) skip=1 ;;
      -*) ;;
      *)
        case "$path" in
          '') path="$word" ;;
          ${[...words].flatMap(([first, seconds]) => (seconds.length > 0 ? [first] : [])).join('|')}) path="$path $word" ;;
        esac ;;
    esac
  done
  COMPREPLY=()
  if [ -n "$skip" ]; then
    case "$path $previous" in
${choices.join('\n')}
      *) COMPREPLY=($(compgen -f -- "$current")); return ;;
    esac
    COMPREPLY=($(compgen -W "$words" -- "$current"))
    return
  fi
  case "$path" in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  if [ -n "$files" ]; then COMPREPLY+=($(compgen -f -- "$current")); fi
}
complete -F _millrace millrace
`;
}

function fish(commands: readonly CliCommand[]): string {
  const words = wordsOf(commands);
  const firsts = [...words.keys()].join(' ');
  const line = (condition: string, rest: string): string => `complete -c millrace -n ${quoted(condition)} ${rest}`;
  const summaryOf = (first: string): string =>
    commands.find(({ name }) => name === first)?.summary ?? `${first}: ${(words.get(first) ?? []).join(', ')}`;
  const flagsOf = (name: string, { text, value, choices, short }: CliOption): string =>
    [
      `-l ${name}`,
      ...(short === undefined ? [] : [`-s ${short}`]),
      ...(value === undefined ? [] : ['-r']),
      ...(choices === undefined ? [] : [`-f -a ${quoted(choices.join(' '))}`]),
      `-d ${quoted(text)}`,
    ].join(' ');
  const conditionOf = (name: string): string =>
    name
      .split(' ')
      .map((word) => `__fish_seen_subcommand_from ${word}`)
      .join('; and ');
  return [
    '# Completion of millrace. Load it with:  millrace completion fish | source',
    'complete -c millrace -f',
    ...Object.entries(GLOBAL_OPTIONS).map(([name, option]) => `complete -c millrace ${flagsOf(name, option)}`),
    ...[...words.keys()].map((first) =>
      line(`not __fish_seen_subcommand_from ${firsts}`, `-a ${first} -d ${quoted(summaryOf(first))}`),
    ),
    ...commands.flatMap((command) => {
      const [first = '', second] = command.name.split(' ');
      const seconds = words.get(first)?.join(' ') ?? '';
      const lead = `__fish_seen_subcommand_from ${first}; and not __fish_seen_subcommand_from ${seconds}`;
      return [
        ...(second === undefined ? [] : [line(lead, `-a ${second} -d ${quoted(command.summary)}`)]),
        ...Object.entries(command.options ?? {}).map(([name, option]) =>
          line(conditionOf(command.name), flagsOf(name, option)),
        ),
        ...(choicesOf(command).length > 0
          ? [line(conditionOf(command.name), `-a ${quoted(choicesOf(command).join(' '))}`)]
          : []),
        ...(isFile(command) ? [line(conditionOf(command.name), '-F')] : []),
      ];
    }),
    '',
  ].join('\n');
}
