// One process a data folder: two would number the same stream twice.
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder } from '@millrace/service-kit';
import { readCommandLine } from '../postgres/command-line.ts';
import { DataFolderError } from './data-folder-error.ts';

/**
 * Takes a data folder for this process; makes it when it is not there, for its owner alone.
 *
 * @returns a function that releases it. A killed process does not: its lock is then recognized as void.
 * @throws {DataFolderError} when another process has it, or when it cannot be made or written to
 */
export function lockDataFolder(folder: string): () => void {
  try {
    return take(folder);
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error)) throw error;
    const cannot = `cannot use ${folder} as the data folder: ${error.message}`;
    throw new DataFolderError(`${cannot}\nSet MILLRACE_DATA_DIR to a folder of your own.`, { cause: error });
  }
}

function take(folder: string): () => void {
  makeFolder(folder);
  const file = join(folder, 'millrace.pid');
  const mine = `${process.pid} ${readCommandLine(process.pid) ?? ''}`;
  for (;;) {
    try {
      writeFileSync(file, mine, { flag: 'wx', mode: 0o600 });
      return () => rmSync(file, { force: true });
    } catch (error) {
      if (!(error instanceof Error) || !('code' in error) || error.code !== 'EEXIST') throw error;
    }
    if (!existsSync(file)) continue;
    const [pid = '', ...words] = readFileSync(file, 'utf8').split(' ');
    if (Number(pid) !== process.pid && words.length > 0 && readCommandLine(Number(pid)) === words.join(' ')) {
      throw new DataFolderError(
        `another Millrace (process ${pid}) uses ${folder}: stop it, or set MILLRACE_DATA_DIR to another folder`,
      );
    }
    rmSync(file, { force: true });
  }
}
