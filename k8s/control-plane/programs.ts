// The programs of a Kubernetes: those of this machine, or built from the modules that pin them.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ensureGoTool, findGo, GO_ADVICE } from '@millrace/tools/go-tools';
import type { GoTool } from '@millrace/tools/go-tools';
import { findProgram } from '@millrace/tools/processes';

const TOOLS = resolve(import.meta.dirname, '../tools');
const KUBERNETES = join(TOOLS, 'kubernetes');
const KWOK = join(TOOLS, 'kwok');
const COREDNS = join(TOOLS, 'coredns');

/** Without its version, an API server says that it is 0.0, which no chart takes. */
const VERSION_PACKAGE = 'k8s.io/component-base/version';

interface Program {
  readonly tool: GoTool;
  /** What the program is asked for its version. */
  readonly versionArgs: readonly string[];
  /** The first version that these tests are known to work with, `major.minor`. */
  readonly least: readonly [number, number];
}

const LEAST_KUBERNETES = [1, 33] as const;

function kubernetes(name: string, buildTime: string, versionArgs: readonly string[] = ['--version']): Program {
  const version = pinned(KUBERNETES, 'k8s.io/kubernetes');
  const [, major = '', minor = ''] = /^v(\d+)\.(\d+)\./.exec(version) ?? [];
  return {
    tool: {
      name,
      moduleFolder: KUBERNETES,
      mainPackage: `k8s.io/kubernetes/cmd/${name}`,
      linkerVariables: {
        [`${VERSION_PACKAGE}.gitVersion`]: version,
        [`${VERSION_PACKAGE}.gitMajor`]: major,
        [`${VERSION_PACKAGE}.gitMinor`]: minor,
      },
      buildTime,
    },
    versionArgs,
    least: LEAST_KUBERNETES,
  };
}

const programs = {
  etcd: {
    tool: {
      name: 'etcd',
      moduleFolder: KUBERNETES,
      mainPackage: 'go.etcd.io/etcd/server/v3',
      buildTime: 'a minute or two',
    },
    versionArgs: ['--version'],
    least: [3, 5],
  },
  kubectl: kubernetes('kubectl', 'two to four minutes', ['version', '--client']),
  'kube-apiserver': kubernetes('kube-apiserver', 'five to ten minutes'),
  'kube-controller-manager': kubernetes('kube-controller-manager', 'three to six minutes'),
  'kube-scheduler': kubernetes('kube-scheduler', 'one or two minutes'),
  kwok: {
    tool: { name: 'kwok', moduleFolder: KWOK, mainPackage: 'sigs.k8s.io/kwok/cmd/kwok', buildTime: 'a minute or two' },
    versionArgs: ['--version'],
    least: [0, 7],
  },
  kubelet: kubernetes('kubelet', 'three to six minutes'),
  'kube-proxy': kubernetes('kube-proxy', 'one or two minutes'),
  coredns: {
    tool: { name: 'coredns', moduleFolder: COREDNS, mainPackage: '.', buildTime: 'one or two minutes' },
    versionArgs: ['-version'],
    least: [1, 11],
  },
} as const satisfies Readonly<Record<string, Program>>;

export type ProgramName = keyof typeof programs;

/** Of a control plane. */
export const PLANE_PROGRAMS = [
  'etcd',
  'kubectl',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
] as const satisfies readonly ProgramName[];

/** Of a control plane whose nodes kwok plays. */
export const FAKE_CLUSTER_PROGRAMS = [...PLANE_PROGRAMS, 'kwok'] as const;

/** Of a cluster with real nodes. */
export const REAL_CLUSTER_PROGRAMS = [...PLANE_PROGRAMS, 'kubelet', 'kube-proxy', 'coredns'] as const;

export type Programs<Name extends ProgramName> = Readonly<Record<Name, string>>;

/** @returns the path of each program @throws {Error} that says what to install, or what the build said */
export async function ensurePrograms<Name extends ProgramName>(names: readonly Name[]): Promise<Programs<Name>> {
  const found: Partial<Record<Name, string>> = {};
  // One after the other: they share most of what they are made of, and each build takes the whole machine.
  for (const name of names) found[name] = installed(name) ?? (await ensureGoTool(programs[name].tool));
  return found as Programs<Name>;
}

/** @returns what has to be installed before the programs can be had; nothing when that is all there */
export function missingPrograms(names: readonly ProgramName[]): readonly string[] {
  const missing = names.filter((name) => installed(name) === undefined);
  return missing.length === 0 || findGo() !== undefined
    ? []
    : [`${missing.join(', ')}; or to build them: ${GO_ADVICE}`];
}

function installed(name: ProgramName): string | undefined {
  const program = findProgram(name);
  if (program === undefined) return undefined;
  const { versionArgs, least } = programs[name];
  try {
    const said = execFileSync(program, versionArgs, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    return isNewEnough(said, least) ? program : undefined;
  } catch {
    return undefined;
  }
}

/** @param said such as `Kubernetes v1.37.2`, or `etcd Version: 3.7.3` and more lines */
export function isNewEnough(said: string, [leastMajor, leastMinor]: readonly [number, number]): boolean {
  const [, major, minor] = /\bv?(\d+)\.(\d+)\./.exec(said) ?? [];
  if (major === undefined || minor === undefined) return false;
  return Number(major) === leastMajor ? Number(minor) >= leastMinor : Number(major) > leastMajor;
}

function pinned(folder: string, module: string): string {
  const [, version = ''] = new RegExp(`${module} (v\\S+)`).exec(readFileSync(join(folder, 'go.mod'), 'utf8')) ?? [];
  return version;
}
