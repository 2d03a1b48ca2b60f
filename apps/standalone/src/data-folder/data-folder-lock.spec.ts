import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readCommandLine } from '../postgres/command-line.ts';
import { DataFolderError } from './data-folder-error.ts';
import { lockDataFolder } from './data-folder-lock.ts';

let parent: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'millrace-lock-'));
});
afterEach(() => rmSync(parent, { recursive: true, force: true }));

it('makes the folder for its owner alone', () => {
  lockDataFolder(join(parent, 'data'));
  expect(statSync(join(parent, 'data')).mode & 0o777).toBe(0o700);
});

it('refuses while the process that holds it lives, and not after', async () => {
  const folder = join(parent, 'data');
  lockDataFolder(folder)();
  const other = spawn(process.execPath, ['-e', 'console.log(1); setInterval(() => {}, 1000)']);
  await once(other.stdout, 'data');
  writeFileSync(join(folder, 'millrace.pid'), `${other.pid} ${readCommandLine(other.pid ?? 0)}`);
  expect(() => lockDataFolder(folder)).toThrow(/MILLRACE_DATA_DIR/);
  other.kill('SIGKILL');
  await once(other, 'exit');
  lockDataFolder(folder)();
});

it('is not fooled by another program that got the number of the one that was killed', () => {
  const folder = join(parent, 'data');
  lockDataFolder(folder)();
  writeFileSync(join(folder, 'millrace.pid'), `${process.ppid} node dist/main.js`);
  lockDataFolder(folder)();
});

it('explains what is wrong with a folder that cannot be used', () => {
  const file = join(parent, 'file');
  writeFileSync(file, '');
  const nowhere = process.platform === 'linux' ? ['/proc/millrace', '/proc/millrace/data'] : [];
  for (const folder of [file, join(file, 'data'), ...nowhere]) {
    expect(() => lockDataFolder(folder)).toThrow(DataFolderError);
    expect(() => lockDataFolder(folder)).toThrow(/cannot use .*MILLRACE_DATA_DIR/s);
  }
});
