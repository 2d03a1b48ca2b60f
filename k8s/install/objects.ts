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

/** What is made from a template of pods: a Deployment, a StatefulSet, a ReplicaSet. */
export interface Workload {
  readonly kind: string;
  readonly metadata: Metadata;
  readonly spec: {
    readonly replicas: number;
    readonly template: { readonly spec: { readonly containers: readonly Container[] } };
  };
  readonly status: { readonly availableReplicas?: number };
}

interface Container {
  readonly envFrom?: readonly { readonly configMapRef: { readonly name: string } }[];
}

export interface ConfigMap {
  readonly metadata: Metadata;
  readonly immutable?: boolean;
  readonly data?: Readonly<Record<string, string>>;
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

/** @returns the names of the ConfigMaps that its pods start with */
export const settingsOf = ({ spec }: Workload): readonly string[] =>
  spec.template.spec.containers.flatMap(({ envFrom = [] }) => envFrom.map(({ configMapRef }) => configMapRef.name));

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
