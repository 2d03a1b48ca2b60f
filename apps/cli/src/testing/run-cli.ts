// Runs the program in this process, and keeps what it writes.
import { Readable } from 'node:stream';
import type { ExitCode } from '../command-line/exit-code.ts';
import { runCommandLine } from '../run.ts';

export interface CliRun {
  readonly code: ExitCode;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliRunOptions {
  readonly variables?: Readonly<Record<string, string>>;
  readonly folder?: string;
  readonly stdin?: string;
  readonly stop?: AbortSignal;
  /** Makes standard output a terminal of this width. */
  readonly columns?: number;
}

/** Without the environment, the profiles and the data folder of the user who runs the tests. */
export async function runCli(args: readonly string[], options: CliRunOptions = {}): Promise<CliRun> {
  const written = { stdout: '', stderr: '' };
  const { variables = {}, folder = '/nonexistent', stdin = '', stop, columns } = options;
  const code = await runCommandLine(args, {
    variables: { HOME: '/nonexistent', MILLRACE_DATA_DIR: '/nonexistent', ...variables },
    folder,
    stdin: Readable.from([stdin]),
    stdout: {
      write: (text) => (written.stdout += text),
      ...(columns !== undefined && { isTTY: true, columns }),
    },
    stderr: { write: (text) => (written.stderr += text) },
    stop: stop ?? new AbortController().signal,
  });
  return { code, ...written };
}
