import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from '@millrace/service-kit';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { loadOrMakePepper } from './pepper.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-pepper-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('is made once, for its owner alone, and read from then on', async () => {
  const file = join(folder, 'data', 'key-pepper');
  const made = await loadOrMakePepper(file);
  expect(made).toHaveLength(43);
  expect(await loadOrMakePepper(file)).toBe(made);
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

it('that is empty, or not a file at all, is reported, and left as it is', async () => {
  const empty = join(folder, 'empty');
  writeFileSync(empty, '\n');
  await expect(loadOrMakePepper(empty)).rejects.toThrow(ConfigError);
  await expect(loadOrMakePepper(empty)).rejects.toThrow(/MILLRACE_KEY_PEPPER.*empty.*backup/s);
  expect(readFileSync(empty, 'utf8')).toBe('\n');
  const directory = join(folder, 'directory');
  mkdirSync(directory);
  await expect(loadOrMakePepper(directory)).rejects.toThrow(/MILLRACE_KEY_PEPPER.*cannot be read/s);
});

it.runIf(process.platform === 'linux')('says at once where no folder can be made', async () => {
  await expect(loadOrMakePepper('/proc/millrace/key-pepper')).rejects.toThrow(/MILLRACE_DATA_DIR/);
});
