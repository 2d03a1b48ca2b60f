// One run of the program: from the words of the command line to its exit code.
import { createRequire } from 'node:module';
import { CliError } from './command-line/cli-error.ts';
import { CliCall } from './command-line/command.ts';
import type { CliEnvironment } from './command-line/command.ts';
import { ExitCode } from './command-line/exit-code.ts';
import { helpOn } from './command-line/help.ts';
import { parseCommandLine } from './command-line/parse-command-line.ts';
import { COMMANDS } from './commands/index.ts';
import { styled, writeLine } from './output/output.ts';

/** @returns what the process is to end with; everything that went wrong has been written to standard error */
export async function runCommandLine(args: readonly string[], environment: CliEnvironment): Promise<ExitCode> {
  try {
    const parsed = parseCommandLine(args, COMMANDS);
    switch (parsed.kind) {
      case 'help':
        environment.stdout.write(helpOn(parsed.topic, COMMANDS));
        return ExitCode.ok;
      case 'version':
        writeLine(environment.stdout, version());
        return ExitCode.ok;
      case 'command': {
        const { command, words, values } = parsed;
        return (await command.run(new CliCall(command, words, values, environment))) ?? ExitCode.ok;
      }
    }
  } catch (error) {
    if (environment.stop.aborted) return ExitCode.interrupted;
    if (!(error instanceof CliError)) throw error;
    writeError(error, environment);
    return error.exitCode;
  }
}

export function version(): string {
  const manifest = createRequire(import.meta.url)('../package.json') as { version: string };
  return `millrace ${manifest.version}`;
}

function writeError({ message, advice, details }: CliError, environment: CliEnvironment): void {
  const { stderr } = environment;
  writeLine(stderr, `millrace: ${styled(message, 'red', stderr, environment)}`);
  for (const detail of details) writeLine(stderr, `  ${detail}`);
  if (advice !== undefined) writeLine(stderr, `  What to do: ${advice}`);
}
