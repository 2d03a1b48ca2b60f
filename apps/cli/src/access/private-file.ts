// Files with secrets: written so that their owner alone can read them, and not believed where others could have.
import { chmodSync, closeSync, fstatSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { CliError } from '../command-line/cli-error.ts';
import { ExitCode } from '../command-line/exit-code.ts';

/** Largest file that is read. */
const MAX_BYTES = 1024 * 1024;

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown';

/**
 * @returns undefined when there is no such file
 * @throws CliError when it cannot be read, or users other than its owner may read or change it
 */
export function readPrivateFile(file: string): string | undefined {
  let handle: number;
  try {
    handle = openSync(file, 'r');
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new CliError(ExitCode.notAuthenticated, `${file} cannot be read (${code})`, {
      advice: 'Run it as the user that the file belongs to.',
      cause: error,
    });
  }
  try {
    // Of the file that is open: nothing can be put in its place in between.
    const { mode, uid, size } = fstatSync(handle);
    const user = process.getuid?.();
    if (user !== undefined && user !== 0 && uid !== user)
      throw new CliError(ExitCode.notAuthenticated, `${file} belongs to another user, so its key is not used`, {
        advice: 'Run it as that user, or set MILLRACE_API_KEY.',
      });
    if (user !== undefined && (mode & 0o077) !== 0)
      throw new CliError(ExitCode.notAuthenticated, `${file} can be read by other users, so its key is not used`, {
        advice: `Run "chmod 600 ${file}"; replace the key if others may have read it.`,
      });
    if (size > MAX_BYTES) throw new CliError(ExitCode.failure, `${file} is larger than ${MAX_BYTES} bytes`);
    return readFileSync(handle, 'utf8');
  } finally {
    closeSync(handle);
  }
}

/** Writes it so that it is whole or as it was, with mode 0600 in a folder with mode 0700. */
export function writePrivateFile(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.${process.pid}.new`;
  writeFileSync(draft, text, { mode: 0o600, flag: 'w' });
  chmodSync(draft, 0o600);
  renameSync(draft, file);
}
