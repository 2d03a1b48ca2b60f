// Helm, for the tests of the chart: the machine's own, or one that is built from the pinned module.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { findProgram } from '../processes/find-program.ts';
import { ensureGoTool, findGo, GO_ADVICE } from './go-tool.ts';

const HELM_MODULE = resolve(import.meta.dirname, '../../k8s/tools/helm');

/** The first Helm whose `lint --strict` and `template` the tests were written for. */
const LEAST_MINOR = 18;

/** The Kubernetes that templates see when no cluster is asked: the one that Helm was made for, as its own build sets it. */
function kubernetesOf(goMod: string): { major: string; minor: string } {
  const [, minor = ''] = /\bk8s\.io\/client-go v0\.(\d+)\./.exec(goMod) ?? [];
  return { major: '1', minor };
}

/** @returns the path of a Helm 3 @throws {Error} that says what to install */
export async function ensureHelm(): Promise<string> {
  const installed = findProgram('helm');
  if (installed !== undefined && isUsable(versionOf(installed))) return installed;
  if (findGo() === undefined)
    throw new Error(
      `The tests of the Helm chart need Helm 3.${LEAST_MINOR} or later (https://helm.sh/docs/intro/install), or to build it: ${GO_ADVICE}.`,
    );
  const goMod = readFileSync(join(HELM_MODULE, 'go.mod'), 'utf8');
  const version = /helm\.sh\/helm\/v3 (v\S+)/.exec(goMod)?.[1] ?? '';
  const { major, minor } = kubernetesOf(goMod);
  const packages = ['helm.sh/helm/v3/pkg/chartutil', 'helm.sh/helm/v3/pkg/lint/rules'];
  return ensureGoTool({
    name: 'helm',
    moduleFolder: HELM_MODULE,
    mainPackage: 'helm.sh/helm/v3/cmd/helm',
    linkerVariables: {
      'helm.sh/helm/v3/internal/version.version': version,
      'helm.sh/helm/v3/internal/version.metadata': '',
      ...Object.fromEntries(
        packages.flatMap((each) => [
          [`${each}.k8sVersionMajor`, major],
          [`${each}.k8sVersionMinor`, minor],
        ]),
      ),
    },
    buildTime: 'two to five minutes',
  });
}

/** @param version as `helm version --short` says it: `v3.22.0+g1b2c3d4` */
export function isUsable(version: string): boolean {
  const [, minor] = /^v3\.(\d+)\./.exec(version) ?? [];
  return minor !== undefined && Number(minor) >= LEAST_MINOR;
}

function versionOf(helm: string): string {
  try {
    return execFileSync(helm, ['version', '--short'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    return '';
  }
}
