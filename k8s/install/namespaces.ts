// Namespaces under the Pod Security Standards.
import type { Kubectl } from '../control-plane/kubectl.ts';

export type SecurityLevel = 'restricted' | 'privileged';

/** Pods below the level are refused; what would make such pods is warned of, which the tests take as an error. */
export async function createNamespace(kubectl: Kubectl, name: string, level: SecurityLevel): Promise<string> {
  const labels = Object.fromEntries(['enforce', 'warn'].map((mode) => [`pod-security.kubernetes.io/${mode}`, level]));
  await kubectl.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } }]);
  // Pods need it, and a controller makes it a moment later.
  await kubectl.run(['wait', '--namespace', name, '--for=create', 'serviceaccount/default', '--timeout=60s']);
  return name;
}

/** Pods on the network of their node are refused by all levels but one. */
export const usesHostNetwork = (manifests: string): boolean => /^\s*hostNetwork: true$/m.test(manifests);

export const levelFor = (manifests: string): SecurityLevel =>
  usesHostNetwork(manifests) ? 'privileged' : 'restricted';
