// The pepper comes from the settings, or is made once and kept in the data folder.
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

const PEPPER_BYTES = 32;

/**
 * Reads the file, or writes a new pepper into it when there is none.
 *
 * @param file its path; made readable by its owner alone
 */
export async function loadOrMakePepper(file: string): Promise<string> {
  const kept = await read(file);
  if (kept !== undefined) return kept;
  await mkdir(dirname(file), { recursive: true });
  try {
    await writeFile(file, `${randomBytes(PEPPER_BYTES).toString('base64url')}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if (!isCode(error, 'EEXIST')) throw error;
  }
  const made = await read(file);
  if (made === undefined) throw new Error(`${file} is empty: delete it, or restore it from a backup`);
  return made;
}

async function read(file: string): Promise<string | undefined> {
  try {
    const text = (await readFile(file, 'utf8')).trim();
    return text === '' ? undefined : text;
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

const isCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code;
