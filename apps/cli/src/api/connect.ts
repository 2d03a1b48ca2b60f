// The API as a command uses it: the server and key that its options and the environment say.
import { ApiClient } from './api-client.ts';
import { CliError } from '../command-line/cli-error.ts';
import type { CliCall } from '../command-line/command.ts';
import { ExitCode } from '../command-line/exit-code.ts';
import { findAccess } from '../access/server-access.ts';

/** @throws CliError when no key is known for the server */
export function connect(call: CliCall, { asOperator = false } = {}): ApiClient {
  const access = findAccess(call, asOperator);
  if (access.key === undefined)
    throw new CliError(ExitCode.notAuthenticated, `no key is known for ${access.url}`, {
      advice:
        'Run "millrace login", set MILLRACE_API_KEY or MILLRACE_API_KEY_FILE, or run it in the folder of "npm start".',
    });
  return new ApiClient(access, call.environment.stop);
}
