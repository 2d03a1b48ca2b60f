// Finds a program of this machine, or says how to get it.
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Where Debian keeps servers that an ordinary user's PATH leaves out. */
const SERVER_FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/sbin'];

/** @returns its path, or undefined */
export function findProgram(name: string, path = process.env.PATH ?? ''): string | undefined {
  return [...path.split(delimiter), ...SERVER_FOLDERS].map((folder) => join(folder, name)).find(isExecutable);
}

/** @throws when it is not there; the error names the Debian package that has it */
export function requireProgram(name: string, debianPackage: string): string {
  const found = findProgram(name);
  if (found !== undefined) return found;
  throw new Error(`${name} is not installed: on Debian or Ubuntu run "apt-get install ${debianPackage}"`);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
