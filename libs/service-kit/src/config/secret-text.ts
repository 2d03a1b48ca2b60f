// Secrets may be in files: an environment is inherited by children, shown by `ps e` and kept in crash reports.
import { readFileSync } from 'node:fs';

export type Environment = Readonly<Record<string, string | undefined>>;

export const fileVariable = (variable: string): string => `${variable}_FILE`;

/** What is wrong, and with which variable. Never the secret. */
export class SecretFault extends Error {
  override readonly name = 'SecretFault';
  readonly variable: string;

  constructor(variable: string, fault: string) {
    super(fault);
    this.variable = variable;
  }
}

/**
 * The text of a variable, or of the file that the variable with `_FILE` behind its name points to. A line end after it, which
 * editors and `echo` leave, is no part of it.
 *
 * @returns undefined when neither is set, or set to nothing
 * @throws {SecretFault} when both are set, or the file cannot be read or is empty
 */
export function secretText(env: Environment, variable: string): string | undefined {
  const inFile = fileVariable(variable);
  const text = env[variable] || undefined;
  const file = env[inFile] || undefined;
  if (file === undefined) return text;
  if (text !== undefined) throw new SecretFault(inFile, `set either ${variable} or ${inFile}, not both`);
  const content = read(inFile, file).replace(/\r?\n$/, '');
  if (content === '') throw new SecretFault(inFile, `${file} is empty: it must contain ${variable}`);
  return content;
}

function read(variable: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    throw new SecretFault(variable, `${file} cannot be read (${code})`);
  }
}
