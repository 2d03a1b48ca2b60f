// What a process was started as: tells a process from another one that was given its number after it ended.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

/** @returns the program and its arguments, separated by blanks; undefined when there is no such process */
export function readCommandLine(pid: number): string | undefined {
  if (process.platform === 'linux') {
    const file = `/proc/${pid}/cmdline`;
    if (!existsSync(file)) return undefined;
    const text = readFileSync(file, 'utf8').replaceAll('\0', ' ').trim();
    return text === '' ? undefined : text; // a zombie has none
  }
  const { status, stdout } = spawnSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}
