// The pepper comes from the settings, or is made once and kept in the data folder.
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ConfigError, makeFolder } from '@millrace/service-kit';

/** Injection token of the pepper: what derives keys of its own from it, for one purpose each. */
export const PEPPER = Symbol('Pepper');

/** Its name in the data folder. */
export const KEY_PEPPER_FILE = 'key-pepper';

const PEPPER_BYTES = 32;

/**
 * Reads the file, or writes a new pepper into it when there is none.
 *
 * @param file its path; made readable by its owner alone
 * @throws ConfigError that says what to do: a lost pepper is never made anew while its file exists
 */
export async function loadOrMakePepper(file: string): Promise<string> {
  const kept = await read(file);
  if (kept !== undefined) return kept;
  try {
    makeFolder(dirname(file));
    await writeFile(file, `${randomBytes(PEPPER_BYTES).toString('base64url')}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if (!isCode(error, 'EEXIST'))
      throw wrong('MILLRACE_DATA_DIR', `${file} cannot be written (${reasonOf(error)}): set another folder`);
  }
  const made = await read(file);
  if (made === undefined) throw wrong('MILLRACE_DATA_DIR', `${file} was removed while it was being read: start again`);
  return made;
}

/** @returns undefined when there is no such file */
async function read(file: string): Promise<string | undefined> {
  let text: string;
  try {
    text = (await readFile(file, 'utf8')).trim();
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined;
    throw wrong('MILLRACE_KEY_PEPPER', `its file ${file} cannot be read (${reasonOf(error)}): let this user read it`);
  }
  if (text === '')
    throw wrong('MILLRACE_KEY_PEPPER', `its file ${file} is empty: restore it from a backup, no key works without it`);
  return text;
}

const wrong = (variable: string, fault: string): ConfigError => new ConfigError([{ variable, fault }]);

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const isCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code;
