import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { MemoryCgroup } from './memory-cgroup.ts';
import { temporaryFolder } from './temporary-folder.ts';

const MiB = 1024 ** 2;

/** Folders and files as the kernel shows them. Those of a new group do not appear by themselves: writing makes them. */
function kernel(files: Readonly<Record<string, string>>): string {
  const { path: root, remove } = temporaryFolder('cgroups');
  onTestFinished(remove);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(root, name, '..'), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  return root;
}

const group = (root: string, folder: string): string => join(root, folder, `millrace-test-${process.pid}-edge`);

/** The process that a prefix has put into a group. */
function memberOf(made: MemoryCgroup | undefined, folder: string): { readonly member: string; readonly said: string } {
  const [command = '', ...args] = made!.prefix;
  const said = execFileSync(command, [...args, 'sh', '-c', 'echo $$'], { encoding: 'utf8' });
  return { member: readFileSync(join(folder, 'cgroup.procs'), 'utf8'), said };
}

describe('a cgroup with a limit of memory', () => {
  it('of version 1 is made in the group of this process', () => {
    const root = kernel({ 'memory/a/b/cgroup.procs': '' });
    const own = '9:name=systemd:/\n4:memory:/a/b\n0::/\n';
    const made = MemoryCgroup.make('edge', 64 * MiB, { root, own });
    const folder = group(root, 'memory/a/b');
    expect(readFileSync(join(folder, 'memory.limit_in_bytes'), 'utf8')).toBe(String(64 * MiB));
    const { member, said } = memberOf(made, folder);
    expect(member).toBe(said);
    writeFileSync(join(folder, 'memory.oom_control'), 'oom_kill_disable 0\nunder_oom 0\noom_kill 2\n');
    expect(made!.kills).toBe(2);
  });

  it('of version 2 is made below the root, which offers memory to its children', () => {
    const root = kernel({ 'cgroup.controllers': 'cpu memory pids\n', 'cgroup.subtree_control': 'cpu pids\n' });
    const made = MemoryCgroup.make('edge', 64 * MiB, { root, own: '0::/user.slice\n' });
    const folder = group(root, '.');
    expect(readFileSync(join(root, 'cgroup.subtree_control'), 'utf8')).toBe('+memory');
    expect(readFileSync(join(folder, 'memory.max'), 'utf8')).toBe(String(64 * MiB));
    const { member, said } = memberOf(made, folder);
    expect(member).toBe(said);
    writeFileSync(join(folder, 'memory.events'), 'low 0\nhigh 0\nmax 31\noom 3\noom_kill 3\noom_group_kill 0\n');
    expect(made!.kills).toBe(3);
  });

  it('of version 2 leaves a root alone that offers memory already', () => {
    const root = kernel({ 'cgroup.subtree_control': 'cpu memory pids\n' });
    expect(MemoryCgroup.make('edge', 64 * MiB, { root, own: '0::/\n' })).toBeDefined();
    expect(readFileSync(join(root, 'cgroup.subtree_control'), 'utf8')).toBe('cpu memory pids\n');
  });

  it('is not made where it may not be, and leaves nothing behind', () => {
    const root = kernel({ 'a-file': '' });
    expect(MemoryCgroup.make('edge', 64 * MiB, { root: join(root, 'a-file'), own: '0::/\n' })).toBeUndefined();
    // Version 2 without a file in which to offer memory: a container that sees no cgroups of its own.
    expect(MemoryCgroup.make('edge', 64 * MiB, { root, own: '0::/\n' })).toBeUndefined();
    expect(() => statSync(group(root, '.'))).toThrow('ENOENT');
  });

  it('kills what does not fit, where this machine lets it be made', () => {
    const made = MemoryCgroup.make('edge', 64 * MiB);
    if (made === undefined) {
      expect(process.getuid?.() === 0 && statSync('/sys/fs/cgroup').isDirectory()).toBe(false);
      return;
    }
    onTestFinished(() => made.remove());
    const fill = 'const all = []; for (;;) all.push(Buffer.alloc(8 * 1024 ** 2, 1));';
    const [command = '', ...args] = made.prefix;
    expect(spawnSync(command, [...args, process.execPath, '-e', fill], { timeout: 30_000 }).signal).toBe('SIGKILL');
    expect(made.kills).toBe(1);
  });
});
