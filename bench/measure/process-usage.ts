// CPU time and memory of processes and all their children, from /proc.
import { readdirSync, readFileSync } from 'node:fs';

export interface Usage {
  readonly atNs: bigint;
  /** Nanoseconds on a processor, by thread: finer than the 10 ms steps of utime and stime. */
  readonly threads: ReadonlyMap<string, number>;
  readonly residentBytes: number;
}

function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined; // It ended meanwhile.
  }
}

/** The processes given and all their descendants. */
export function processTree(roots: readonly number[]): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    const parent = /^\d+$/.test(name) ? parentOf(Number(name)) : undefined;
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const all: number[] = [];
  const open = [...roots];
  for (let pid = open.pop(); pid !== undefined; pid = open.pop()) {
    if (parentOf(pid) === undefined) continue;
    all.push(pid);
    open.push(...(children.get(pid) ?? []));
  }
  return all;
}

export function usageOf(roots: readonly number[]): Usage {
  const threads = new Map<string, number>();
  let residentBytes = 0;
  for (const pid of processTree(roots)) {
    try {
      for (const thread of readdirSync(`/proc/${pid}/task`)) {
        const [ran] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'latin1').split(' ');
        threads.set(`${pid}/${thread}`, Number(ran));
      }
      // PSS counts pages that forked processes share once: PostgreSQL and nginx would look larger than they are by RSS.
      const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1');
      residentBytes += Number(/^Pss:\s+(\d+)/m.exec(rollup)?.[1] ?? 0) * 1024;
    } catch {
      continue; // It ended meanwhile.
    }
  }
  return { atNs: process.hrtime.bigint(), threads, residentBytes };
}

/** Milliseconds of CPU per second of wall-clock time between two readings. */
export function cpuMsPerSecond(before: Usage, after: Usage): number {
  let ns = 0;
  for (const [thread, ran] of after.threads) ns += ran - (before.threads.get(thread) ?? 0);
  return ns / 1e6 / (Number(after.atNs - before.atNs) / 1e9);
}

/** What everything on the machine used and what the hypervisor took, in ticks of 10 ms. */
export function machineTicks(): { busy: number; steal: number } {
  const cpu = readFileSync('/proc/stat', 'latin1').split('\n')[0]!.trim().split(/\s+/).slice(1).map(Number);
  return { busy: cpu[0]! + cpu[1]! + cpu[2]! + cpu[5]! + cpu[6]!, steal: cpu[7]! };
}
