// A process in a container's memory: a cgroup of version 1 or 2, where this machine lets the tests make one.
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

interface Files {
  readonly limit: string;
  /** A line `oom_kill N`. */
  readonly events: string;
}

const VERSION_1: Files = { limit: 'memory.limit_in_bytes', events: 'memory.oom_control' };
const VERSION_2: Files = { limit: 'memory.max', events: 'memory.events' };

/** Where the kernel shows its groups, and which of them this process is in. */
export interface CgroupSystem {
  readonly root: string;
  /** `/proc/self/cgroup`. */
  readonly own: string;
}

const thisSystem = (): CgroupSystem => ({ root: '/sys/fs/cgroup', own: readFileSync('/proc/self/cgroup', 'utf8') });

export class MemoryCgroup {
  readonly #folder: string;
  readonly #files: Files;

  private constructor(folder: string, files: Files) {
    this.#folder = folder;
    this.#files = files;
  }

  /**
   * @param name distinct from other groups of this process
   * @returns undefined where cgroups cannot be made: not as root, or on a read-only /sys/fs/cgroup
   */
  static make(name: string, limitBytes: number, system = thisSystem()): MemoryCgroup | undefined {
    const { parent, files } = parentGroup(system);
    const folder = join(parent, `millrace-test-${process.pid}-${name}`);
    try {
      if (files === VERSION_2) offerMemory(parent);
      mkdirSync(folder);
      writeFileSync(join(folder, files.limit), String(limitBytes));
      if (files === VERSION_2) forbidSwap(folder);
      return new MemoryCgroup(folder, files);
    } catch {
      if (existsSync(folder)) rmdirSync(folder);
      return undefined;
    }
  }

  /** Put before a command, it runs that command in the group. */
  get prefix(): readonly string[] {
    return ['sh', '-c', `echo $$ > ${this.#folder}/cgroup.procs && exec "$@"`, 'sh'];
  }

  /** How many of its processes the kernel has killed for want of memory. */
  get kills(): number {
    return Number(/^oom_kill (\d+)/m.exec(readFileSync(join(this.#folder, this.#files.events), 'utf8'))?.[1] ?? 0);
  }

  /** Only once its processes have ended. */
  remove(): void {
    rmdirSync(this.#folder);
  }
}

/** Version 1: the group that this process is in. Version 2: the root, since a group with processes has no children with limits. */
function parentGroup({ root, own }: CgroupSystem): { readonly parent: string; readonly files: Files } {
  const memory = /^\d+:memory:(.*)$/m.exec(own)?.[1];
  return memory === undefined
    ? { parent: root, files: VERSION_2 }
    : { parent: join(root, 'memory', memory), files: VERSION_1 };
}

/** Version 2 gives children only the controllers that their parent names. */
function offerMemory(parent: string): void {
  const file = join(parent, 'cgroup.subtree_control');
  if (!readFileSync(file, 'utf8').split(/\s/).includes('memory')) writeFileSync(file, '+memory');
}

/** As in a pod: what does not fit is killed, not swapped out. The file is missing where the kernel has no swap. */
function forbidSwap(folder: string): void {
  const file = join(folder, 'memory.swap.max');
  if (existsSync(file)) writeFileSync(file, '0');
}
