// PostgreSQL's own lock file: who serves a data folder, and whether it takes connections yet.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readCommandLine } from './command-line.ts';

export interface PostmasterPid {
  readonly pid: number;
  readonly port: number;
  readonly ready: boolean;
}

/** Reads `postmaster.pid`; its lines are listed in PostgreSQL's `src/include/utils/pidfile.h`. */
export function readPostmasterPid(dataFolder: string): PostmasterPid | undefined {
  const file = join(dataFolder, 'postmaster.pid');
  if (!existsSync(file)) return undefined;
  const lines = readFileSync(file, 'utf8').split('\n');
  const pid = Number(lines[0]);
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined;
  return { pid, port: Number(lines[3]), ready: lines[7]?.trim() === 'ready' };
}

/** Whether that process lives and is a PostgreSQL of this folder, rather than another program that got its number since. */
export function isServing(dataFolder: string, pid: number): boolean {
  const commandLine = readCommandLine(pid);
  return commandLine !== undefined && commandLine.includes('postgres') && commandLine.includes(dataFolder);
}
