// Nodes that do not exist, which kwok plays, and disks for those who ask for one.
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

/** Enough for the chart with its autoscalers at their upper ends. */
const NODE_CAPACITY = { cpu: '16', memory: '64Gi', pods: '110', 'ephemeral-storage': '100Gi' };

/** What `values-production.yaml` looks for: nodes whose own address the world reaches. */
const FOR_TURN = { 'millrace.dev/turn': 'true' };

/** Nodes in each zone, so that what is spread over zones has somewhere to go; the first of a zone is for TURN too. */
export function fakeNodes(zones: readonly string[], perZone: number): readonly KubernetesObject[] {
  return zones.flatMap((zone) =>
    Array.from({ length: perZone }, (_, i): KubernetesObject => {
      const name = `${zone}-${i + 1}`;
      return {
        apiVersion: 'v1',
        kind: 'Node',
        metadata: {
          name,
          labels: {
            type: 'kwok',
            'kubernetes.io/arch': 'amd64',
            'kubernetes.io/os': 'linux',
            'kubernetes.io/hostname': name,
            'topology.kubernetes.io/zone': zone,
            ...(i === 0 && FOR_TURN),
          },
        },
        status: { allocatable: NODE_CAPACITY, capacity: NODE_CAPACITY },
      };
    }),
  );
}

/** Bound by claims that name no storage class: a cluster that has no provisioner has them made by hand. */
export const fakeVolumes = (count: number): readonly KubernetesObject[] =>
  Array.from({ length: count }, (_, i): KubernetesObject => ({
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: `disk-${i + 1}` },
    spec: {
      capacity: { storage: '1Ti' },
      accessModes: ['ReadWriteOnce'],
      persistentVolumeReclaimPolicy: 'Retain',
      hostPath: { path: `/nowhere/disk-${i + 1}` },
    },
  }));
