// The Docker engine of this machine, through its command line.
import { execFile } from 'node:child_process';
import { findProgram } from '@millrace/tools/processes';

const MAX_OUTPUT_BYTES = 16 * 1024 ** 2;

/** Its last lines tell what went wrong; a build writes thousands before. */
const ERROR_LINES = 30;

/** @returns what it printed @throws {Error} with the last lines of what it said */
export function docker(args: readonly string[]): Promise<string> {
  return new Promise((done, failed) => {
    execFile('docker', args, { maxBuffer: MAX_OUTPUT_BYTES }, (error, stdout, stderr) => {
      if (error === null) return done(stdout.trim());
      const said = `${stdout}\n${stderr}`.trim().split('\n').slice(-ERROR_LINES).join('\n');
      failed(new Error(`docker ${args[0]} failed:\n${said}`, { cause: error }));
    });
  });
}

/** @returns what is missing, as text for the developer who runs the tests; undefined when an engine answers */
export async function missingEngine(): Promise<string | undefined> {
  if (findProgram('docker') === undefined) return 'the docker command (on Debian: apt-get install docker.io)';
  try {
    await docker(['version', '--format', '{{.Server.Version}}']);
    return undefined;
  } catch (error) {
    return `a Docker engine that answers (DOCKER_HOST says where it is):\n${error instanceof Error ? error.message : String(error)}`;
  }
}
