// A command as an entry of a table: parsing, help, completion and docs/cli.md are made from it.
import type { Readable } from 'node:stream';
import { usageError } from './cli-error.ts';
import type { ExitCode } from './exit-code.ts';

export interface CliOption {
  readonly text: string;
  /** Placeholder of its value in the help; an option without one is a switch. */
  readonly value?: string;
  readonly short?: string;
  readonly choices?: readonly string[];
  readonly repeats?: true;
  /** Its value is a path: shells complete it as one. */
  readonly file?: true;
}

export interface CliArgument {
  readonly name: string;
  readonly text: string;
  readonly optional?: true;
  readonly choices?: readonly string[];
  readonly file?: true;
}

export interface CliCommand {
  /** Its words: `streams list`. */
  readonly name: string;
  readonly summary: string;
  readonly details?: string;
  readonly arguments?: readonly CliArgument[];
  readonly options?: Readonly<Record<string, CliOption>>;
  readonly examples?: readonly string[];
  /** @returns what to end with, when it is not 0 */
  readonly run: (call: CliCall) => Promise<ExitCode | undefined>;
}

/** Where a command writes. */
export interface TextSink {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** What a command is given from outside. */
export interface CliEnvironment {
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly folder: string;
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: TextSink;
  readonly stderr: TextSink;
  /** Aborted by Ctrl-C and SIGTERM. */
  readonly stop: AbortSignal;
}

/** Options that every command takes. */
export const GLOBAL_OPTIONS: Readonly<Record<string, CliOption>> = {
  json: { text: 'Write the objects of the API as JSON; one line each where they keep coming.' },
  url: { value: 'URL', text: 'The server, such as https://live.example.com; overrides MILLRACE_URL.' },
  profile: {
    value: 'NAME',
    text: 'A profile that "millrace login" wrote; "local" is the data folder of a start here.',
  },
  operator: { text: 'Use the operator key instead of the tenant’s.' },
  help: { short: 'h', text: 'Explain the command.' },
};

export type CliValue = string | boolean | readonly (string | boolean)[] | undefined;

/** One use of a command: its words, taken apart. */
export class CliCall {
  readonly command: CliCommand;
  readonly environment: CliEnvironment;
  readonly #words: readonly string[];
  readonly #values: Readonly<Record<string, CliValue>>;

  constructor(
    command: CliCommand,
    words: readonly string[],
    values: Readonly<Record<string, CliValue>>,
    environment: CliEnvironment,
  ) {
    this.command = command;
    this.environment = environment;
    this.#words = words;
    this.#values = values;
  }

  /** Parsing has seen to it that arguments that must be there are. */
  argument(index: number): string {
    return this.#words[index] ?? '';
  }

  optionalArgument(index: number): string | undefined {
    return this.#words[index];
  }

  flag(option: string): boolean {
    return this.#values[option] === true;
  }

  text(option: string): string | undefined {
    const value = this.#values[option];
    return typeof value === 'string' ? value : undefined;
  }

  texts(option: string): readonly string[] {
    const value = this.#values[option];
    return Array.isArray(value) ? value.filter((each): each is string => typeof each === 'string') : [];
  }

  /** @throws CliError when it is no number of this range */
  number(option: string, { min = 0, max = Number.MAX_SAFE_INTEGER, whole = true } = {}): number | undefined {
    const text = this.text(option);
    if (text === undefined) return undefined;
    const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= min && value <= max) || (whole && !Number.isInteger(value)))
      throw usageError(`--${option} must be a ${whole ? 'whole ' : ''}number from ${min} to ${max}, not "${text}"`);
    return value;
  }

  get json(): boolean {
    return this.flag('json');
  }
}
