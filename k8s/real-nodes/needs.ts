// What this machine must have before real nodes can run on it.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { freemem } from 'node:os';
import { findProgram } from '@millrace/tools/processes';
import { missingPrograms, REAL_CLUSTER_PROGRAMS } from '../control-plane/programs.ts';
import { missingContainerEngine } from '../images/engine.ts';
import { SANDBOX } from './sandbox.ts';

/** Programs, and the Debian package that has each. */
const PROGRAMS = {
  containerd: 'containerd',
  ctr: 'containerd',
  runc: 'runc',
  ip: 'iproute2',
  nft: 'nftables',
  nsenter: 'util-linux',
  unshare: 'util-linux',
  ffmpeg: 'ffmpeg',
} as const;

/** CNI plugins: Debian's folder, and the default of the upstream releases. */
const CNI_FOLDERS = ['/usr/lib/cni', '/opt/cni/bin'];

/** The trial's 4 GiB, the control plane, and images being built. */
const LEAST_MEMORY_BYTES = 6 * 1024 ** 3;
const GIBIBYTE = 1024 ** 3;

export const cniFolder = (): string | undefined =>
  CNI_FOLDERS.find((folder) => ['ptp', 'host-local', 'loopback'].every((name) => existsSync(`${folder}/${name}`)));

/** @returns each missing prerequisite and how to get it; empty where real nodes can run */
export async function missingForRealNodes(): Promise<readonly string[]> {
  if (process.platform !== 'linux') return ['Linux'];
  const missing = [...missingPrograms(REAL_CLUSTER_PROGRAMS)];
  const absent = [
    ...Object.entries(PROGRAMS).filter(([name]) => findProgram(name) === undefined),
    ...(cniFolder() === undefined ? [['CNI plugins (ptp, host-local, loopback)', 'containernetworking-plugins']] : []),
  ];
  if (absent.length > 0) {
    const packages = [...new Set(absent.map(([, debianPackage]) => debianPackage))].join(' ');
    missing.push(`${absent.map(([name]) => name).join(', ')} (on Debian: apt-get install ${packages})`);
  }
  if (process.getuid?.() !== 0)
    missing.push('root, because kubelets mount volumes and create cgroups and network namespaces');
  else if (!canUnshare()) missing.push('network, mount and process namespaces (unshare fails)');
  if (!readFileSync('/proc/filesystems', 'utf8').includes('overlay')) missing.push('the overlay file system');
  if (freemem() < LEAST_MEMORY_BYTES)
    missing.push(`${LEAST_MEMORY_BYTES / GIBIBYTE} GiB of free memory (${(freemem() / GIBIBYTE).toFixed(1)} GiB free)`);
  const engine = await missingContainerEngine();
  return engine === undefined ? missing : [...missing, engine];
}

function canUnshare(): boolean {
  try {
    const [program, ...args] = [...SANDBOX, 'true'];
    execFileSync(program, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
