// Asks for a pod to go, as `kubectl drain` does for each pod of a node.
import { CommandFailed } from '../control-plane/kubectl.ts';
import type { Kubectl } from '../control-plane/kubectl.ts';

/** @returns whether it went; false when its disruption budget forbids it */
export async function evict(kubectl: Kubectl, namespace: string, pod: string): Promise<boolean> {
  const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: pod, namespace } };
  const path = `/api/v1/namespaces/${namespace}/pods/${pod}/eviction`;
  try {
    await kubectl.run(['create', '--raw', path, '--filename', '-'], JSON.stringify(eviction));
    return true;
  } catch (error) {
    if (error instanceof CommandFailed && error.output.includes('disruption budget')) return false;
    throw error;
  }
}
