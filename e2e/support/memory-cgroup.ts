// A process in a container's memory: a cgroup of version 1 or 2, where this machine lets the tests make one.
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = '/sys/fs/cgroup';

interface Files {
  readonly limit: string;
  /** A line `oom_kill N`. */
  readonly events: string;
}

const VERSION_1: Files = { limit: 'memory.limit_in_bytes', events: 'memory.oom_control' };
const VERSION_2: Files = { limit: 'memory.max', events: 'memory.events' };

export class MemoryCgroup {
  readonly #folder: string;
  readonly #files: Files;

  private constructor(folder: string, files: Files) {
    this.#folder = folder;
    this.#files = files;
  }

  /** @returns undefined where cgroups cannot be made: not as root, or on a read-only /sys/fs/cgroup */
  static make(limitBytes: number): MemoryCgroup | undefined {
    const [parent, files] = parentGroup();
    const folder = join(parent, `millrace-test-${process.pid}-${limitBytes}`);
    try {
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, files.limit), String(limitBytes));
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
function parentGroup(): [string, Files] {
  const own = /^\d+:memory:(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1];
  return own === undefined ? [ROOT, VERSION_2] : [join(ROOT, 'memory', own), VERSION_1];
}
