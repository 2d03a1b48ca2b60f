// What a data folder must hold before anything is written to it: a part that is missing is told of, and never made anew.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DataFolderError } from './data-folder-error.ts';

const KEY_PEPPER = 'key-pepper';
const BEGIN_ANEW = 'or move the whole folder away to start afresh';

export interface DataFolderUse {
  /** The pepper comes from the settings. */
  readonly hasPepper: boolean;
  /** The database is in the folder. */
  readonly hasDatabase: boolean;
}

/** @throws {DataFolderError} that says what to do. A new pepper beside an old database would make every key a wrong one. */
export function checkDataFolder(folder: string, { hasPepper, hasDatabase }: DataFolderUse): void {
  const data = join(folder, 'postgres', 'data');
  const isOld = hasDatabase && existsSync(join(data, 'PG_VERSION'));
  if (isOld && !existsSync(join(data, 'base')))
    throw new DataFolderError(
      `${data} is incomplete: its folder "base", which holds the tables, is missing. Restore ${folder} from a backup, ${BEGIN_ANEW}.`,
    );
  if (hasPepper) return;
  const file = join(folder, KEY_PEPPER);
  const restore = `Restore it from a backup, set MILLRACE_KEY_PEPPER to what it held, ${BEGIN_ANEW}: no key works without it.`;
  if (!existsSync(file)) {
    if (isOld) throw new DataFolderError(`${file} is missing, but there is a database whose keys need it. ${restore}`);
    return;
  }
  if (readPepper(file).trim() === '') throw new DataFolderError(`${file} is empty. ${restore}`);
}

function readPepper(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new DataFolderError(
      `${file} cannot be read: ${why}. Make it readable by this user; no key works without it.`,
    );
  }
}
