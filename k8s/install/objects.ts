// What tests read of objects in the cluster.
import type { Kubectl } from '../control-plane/kubectl.ts';

export interface Listed<T> {
  readonly items: readonly T[];
}

interface Metadata {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
}

export interface Pod {
  readonly metadata: Metadata;
  readonly spec: { readonly nodeName?: string };
  readonly status: { readonly phase: string };
}

export interface Workload {
  readonly kind: string;
  readonly metadata: Metadata;
  readonly spec: { readonly replicas: number };
  readonly status: { readonly availableReplicas?: number };
}

export interface Secret {
  readonly metadata: Metadata;
  readonly type: string;
  readonly data?: Readonly<Record<string, string>>;
}

export interface Budget {
  readonly metadata: Metadata;
  readonly spec: {
    readonly maxUnavailable: number;
    readonly selector: { readonly matchLabels: Readonly<Record<string, string>> };
  };
}

export const COMPONENT = 'app.kubernetes.io/component';

export const labelSelector = (labels: Readonly<Record<string, string>>): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(',');

export async function list<T>(
  kubectl: Kubectl,
  kinds: string,
  namespace: string,
  selector = '',
): Promise<readonly T[]> {
  const args = [kinds, '--namespace', namespace, ...(selector === '' ? [] : ['--selector', selector])];
  return (await kubectl.get<Listed<T>>(args)).items;
}

/** What a chart made and must not change: the values of its Secrets, but for Helm's own records. */
export async function secretsOf(kubectl: Kubectl, namespace: string): Promise<Readonly<Record<string, unknown>>> {
  const secrets = await list<Secret>(kubectl, 'secrets', namespace);
  return Object.fromEntries(
    secrets.filter(({ type }) => !type.startsWith('helm.sh/')).map(({ metadata, data }) => [metadata.name, data]),
  );
}
