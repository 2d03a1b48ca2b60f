// npm packages cannot hold symbolic links; the PostgreSQL package makes them in an install script, which may not have run.
import { existsSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { PostgresError } from './postgres-error.ts';

interface LibraryLink {
  readonly source: string;
  readonly target: string;
}

/** Makes the links between shared libraries that are missing. @param packageFolder holds `native/pg-symlinks.json` @throws {PostgresError} */
export function restoreLibraryLinks(packageFolder: string): void {
  const list = join(packageFolder, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return;
  for (const { source, target } of JSON.parse(readFileSync(list, 'utf8')) as LibraryLink[]) {
    const link = join(packageFolder, target);
    if (existsSync(link)) continue;
    try {
      symlinkSync(relative(dirname(target), source), link);
    } catch (cause) {
      throw new PostgresError(`cannot create ${link}: run "npm rebuild" as a user with write access there`, { cause });
    }
  }
}
