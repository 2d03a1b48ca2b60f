// Mount, process and network namespaces around the cluster with real nodes. What a kubelet leaves behind ends with them.
import { existsSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';

/** Only the runner of the tests sets it. */
const FOLDER_VARIABLE = 'MILLRACE_REAL_NODES_FOLDER';

export const sandboxEnvironment = (folder: string): Readonly<Record<string, string>> => ({ [FOLDER_VARIABLE]: folder });

/** @returns the folder for all files of the cluster @throws {Error} outside the sandbox, where nodes would change this machine */
export function sandboxFolder(): string {
  const folder = process.env[FOLDER_VARIABLE];
  if (folder === undefined) throw new Error('Real nodes run only in their sandbox: npm run test:k8s -- nodes');
  return folder;
}

/** The archive of the images that pods run, as `docker save` writes it. */
export const imagesIn = (folder: string): string => join(folder, 'images.tar');

export const CGROUPS = '/sys/fs/cgroup';
/** Only cgroups outlive the namespaces. */
export const CGROUP_PREFIX = 'millrace-node-';

/** Orphans become children of the first process in a process namespace: a shell, which reaps them. */
const REAP = '"$@" & trap "kill -TERM $!" TERM INT HUP; wait $!';

/** Prefix that runs a command in new namespaces, which its descendants share and which end with it. */
export const SANDBOX = [
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
  'sh',
  '-c',
  REAP,
  'sh',
] as const;

/** In version 1 each controller has its own tree. */
export const cgroupVersion = (): 1 | 2 => (existsSync(join(CGROUPS, 'cgroup.controllers')) ? 2 : 1);

export function cgroupTrees(): readonly string[] {
  if (cgroupVersion() === 2) return [CGROUPS];
  const controllers = [
    'cpu',
    'cpuacct',
    'cpuset',
    'memory',
    'devices',
    'freezer',
    'blkio',
    'pids',
    'systemd',
    'unified',
  ];
  return controllers.map((name) => join(CGROUPS, name)).filter((folder) => existsSync(folder));
}

/** Removes the cgroups of nodes that have ended, including those of a run that was killed. */
export function removeNodeCgroups(): void {
  for (const tree of cgroupTrees())
    for (const name of readdirSync(tree).filter((each) => each.startsWith(CGROUP_PREFIX))) {
      const folder = join(tree, name);
      if (isEmpty(folder)) removeTree(folder);
    }
}

/** Cgroups of another run may still hold live nodes. */
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
