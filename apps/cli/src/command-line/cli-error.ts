// What went wrong, for a person: what it is, what to do about it, and what the process ends with.
import { ExitCode } from './exit-code.ts';

export interface CliErrorOptions extends ErrorOptions {
  /** What to do about it. */
  readonly advice?: string;
  /** More lines, such as each fault of a request. */
  readonly details?: readonly string[];
}

export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exitCode: ExitCode;
  readonly advice: string | undefined;
  readonly details: readonly string[];

  constructor(exitCode: ExitCode, message: string, { advice, details = [], ...options }: CliErrorOptions = {}) {
    super(message, options);
    this.exitCode = exitCode;
    this.advice = advice;
    this.details = details;
  }
}

export const usageError = (message: string, advice?: string): CliError =>
  new CliError(ExitCode.usage, message, advice === undefined ? {} : { advice });
