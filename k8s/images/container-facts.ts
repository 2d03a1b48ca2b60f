// What is true of a container while it runs, asked of the kernel rather than of its settings.
import { docker } from './docker.ts';

export interface ProcessOne {
  readonly command: string;
  /** Real, effective, saved and file system user. */
  readonly users: readonly number[];
  /** All five sets of capabilities, in hexadecimal. */
  readonly capabilities: readonly string[];
  readonly noNewPrivileges: boolean;
}

const READ_PROCESS_ONE = `
  const { readFileSync } = require('node:fs');
  console.log(JSON.stringify([readFileSync('/proc/1/cmdline', 'utf8'), readFileSync('/proc/1/status', 'utf8')]));`;

export async function processOne(container: string): Promise<ProcessOne> {
  const answer = await docker(['exec', container, 'node', '--eval', READ_PROCESS_ONE]);
  const [command = '', status = ''] = JSON.parse(answer) as readonly string[];
  const field = (name: string): string => new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(status)?.[1] ?? '';
  return {
    command: command.split('\0').join(' ').trim(),
    users: field('Uid').split(/\s+/).map(Number),
    capabilities: ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'].map(field),
    noNewPrivileges: field('NoNewPrivs') === '1',
  };
}

/** Whatever stands in the way, a folder is not writable then; that /tmp is shows that the attempt itself works. */
const TRY_TO_WRITE = `
  const { writeFileSync, rmSync } = require('node:fs');
  const open = [];
  for (const folder of JSON.parse(process.argv[1]))
    try { writeFileSync(folder + '/written', ''); rmSync(folder + '/written'); open.push(folder); } catch {}
  console.log(JSON.stringify(open));`;

/** @returns those of the folders that the container's user can write to */
export async function writableFolders(container: string, folders: readonly string[]): Promise<readonly string[]> {
  const answer = await docker(['exec', container, 'node', '--eval', TRY_TO_WRITE, JSON.stringify(folders)]);
  return JSON.parse(answer) as readonly string[];
}
