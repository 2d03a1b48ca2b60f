import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { checkDataFolder } from './check-data-folder.ts';
import { DataFolderError } from './data-folder-error.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-data-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const own = { hasPepper: false, hasDatabase: true };
const check = (use = own) => checkDataFolder(folder, use);
const pepper = (text: string) => writeFileSync(join(folder, 'key-pepper'), text);
function database(): void {
  mkdirSync(join(folder, 'postgres', 'data', 'base'), { recursive: true });
  writeFileSync(join(folder, 'postgres', 'data', 'PG_VERSION'), '18\n');
}

it('lets a new folder and a whole one pass', () => {
  check();
  database();
  pepper('secret\n');
  check();
});

it.each(['', ' \n'])('says what to do about an empty pepper: %j', (text) => {
  pepper(text);
  expect(check).toThrow(DataFolderError);
  expect(check).toThrow(/key-pepper is empty.*backup/);
  check({ ...own, hasPepper: true });
});

it('says what to do about a pepper that cannot be read', () => {
  mkdirSync(join(folder, 'key-pepper'));
  expect(check).toThrow(/key-pepper cannot be read/);
});

it('makes no new pepper for a database that has keys already', () => {
  database();
  expect(check).toThrow(/key-pepper is missing.*MILLRACE_KEY_PEPPER/);
  check({ ...own, hasPepper: true });
  check({ ...own, hasDatabase: false });
});

it('says what to do about a database that is not whole', () => {
  database();
  pepper('secret');
  rmSync(join(folder, 'postgres', 'data', 'base'), { recursive: true });
  expect(check).toThrow(/"base".*backup/);
});
