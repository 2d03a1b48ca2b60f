// Namespaces of mounts, processes and network around the cluster with real nodes: whatever a kubelet leaves behind ends with them.
import { existsSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';

/** Only the runner of the tests sets it. */
const FOLDER_VARIABLE = 'MILLRACE_REAL_NODES_FOLDER';

export const sandboxEnvironment = (folder: string): Readonly<Record<string, string>> => ({ [FOLDER_VARIABLE]: folder });

/** @returns where all files of the cluster are @throws {Error} outside of the sandbox, where nodes would change this machine */
export function sandboxFolder(): string {
  const folder = process.env[FOLDER_VARIABLE];
  if (folder === undefined) throw new Error('Real nodes run in a sandbox of their own: npm run test:k8s -- nodes');
  return folder;
}

/** The archive of the images that pods run, as `docker save` writes it. */
export const imagesIn = (folder: string): string => join(folder, 'images.tar');

export const CGROUPS = '/sys/fs/cgroup';
/** Cgroups are the one thing that outlives the namespaces. */
export const CGROUP_PREFIX = 'millrace-node-';

/** The first process of a process namespace gets the orphans of all others: a shell reaps them. */
const REAP = '"$@" & trap "kill -TERM $!" TERM INT HUP; wait $!';

/** Put before a command: it then runs as root of namespaces that all its descendants share, and that end with it. */
export const SANDBOX = [
  ...[
    'setpriv',
    '--pdeathsig',
    'KILL',
    'unshare',
    '--net',
    '--mount',
    '--propagation',
    'private',
    '--pid',
    '--fork',
    '--kill-child',
    '--mount-proc',
  ],
  ...['sh', '-c', REAP, 'sh'],
] as const;

/** Each controller has a tree of its own in version 1. */
export const cgroupVersion = (): 1 | 2 => (existsSync(join(CGROUPS, 'cgroup.controllers')) ? 2 : 1);

export function cgroupTrees(): readonly string[] {
  if (cgroupVersion() === 2) return [CGROUPS];
  const controllers = ['cpu', 'cpuacct', 'cpuset', 'memory', 'devices', 'freezer', 'blkio', 'pids', 'systemd'];
  return controllers.map((name) => join(CGROUPS, name)).filter((folder) => existsSync(folder));
}

/** Removes the cgroups of nodes that are gone: of this run, and of one that was killed. */
export function removeNodeCgroups(): void {
  for (const tree of cgroupTrees())
    for (const name of readdirSync(tree).filter((each) => each.startsWith(CGROUP_PREFIX))) {
      const folder = join(tree, name);
      if (isEmpty(folder)) removeTree(folder);
    }
}

/** Nodes of another run may be alive in theirs. */
function isEmpty(folder: string): boolean {
  const here = readFileSync(join(folder, 'cgroup.procs'), 'utf8').trim() === '';
  return here && children(folder).every(isEmpty);
}

function removeTree(folder: string): void {
  for (const child of children(folder)) removeTree(child);
  rmdirSync(folder);
}

const children = (folder: string): readonly string[] =>
  readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(folder, name));
