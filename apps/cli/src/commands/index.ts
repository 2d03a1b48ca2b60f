// Every command, in the order of the help.
import type { CliCommand } from '../command-line/command.ts';
import { completionScript, SHELLS } from '../command-line/completion.ts';
import { apiKeyCommands } from './api-keys.ts';
import { doctorCommand } from './doctor.ts';
import { keyCommands } from './keys.ts';
import { loginCommands } from './login.ts';
import { publishCommand } from './publish.ts';
import { sessionCommands } from './sessions.ts';
import { sourceCommands } from './sources.ts';
import { streamCommands } from './streams.ts';
import { tailCommand } from './tail.ts';
import { targetCommands } from './targets.ts';
import { tenantCommands } from './tenants.ts';
import { usageCommand } from './usage.ts';
import { watchCommand } from './watch.ts';

const completionCommand: CliCommand = {
  name: 'completion',
  summary: 'Write a completion script for a shell.',
  arguments: [{ name: 'SHELL', text: `One of ${SHELLS.join(', ')}.`, choices: SHELLS }],
  examples: [
    'source <(millrace completion bash)',
    'source <(millrace completion zsh)',
    'millrace completion fish | source',
  ],
  run: async (call) => {
    const shell = SHELLS.find((each) => each === call.argument(0)) ?? 'bash';
    call.environment.stdout.write(completionScript(shell, COMMANDS));
    return undefined;
  },
};

export const COMMANDS: readonly CliCommand[] = [
  ...loginCommands,
  ...streamCommands,
  ...keyCommands,
  ...sourceCommands,
  ...targetCommands,
  ...sessionCommands,
  watchCommand,
  tailCommand,
  publishCommand,
  doctorCommand,
  ...tenantCommands,
  ...apiKeyCommands,
  usageCommand,
  completionCommand,
];
