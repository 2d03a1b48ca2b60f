// A Kubernetes cluster with two real nodes that run the product's images. Starts only inside the sandbox.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ManagedProcess, answersOk } from '@millrace/tools/processes';
import { createAccess } from '../control-plane/access.ts';
import { Kubectl } from '../control-plane/kubectl.ts';
import type { KubernetesObject } from '../control-plane/nodes.ts';
import { planeProcesses } from '../control-plane/processes.ts';
import { ensurePrograms, REAL_CLUSTER_PROGRAMS } from '../control-plane/programs.ts';
import { Helm } from '../install/helm.ts';
import { FABRIC_ADDRESS, makeFabric, routeServicesThrough } from './network.ts';
import { RealNode } from './node.ts';
import { imagesIn, sandboxFolder } from './sandbox.ts';

/** Inside the sandbox's network nothing else listens. */
const PORTS = { etcd: 2379, etcdPeers: 2380, api: 6443, controllers: 10257, scheduler: 10259 };
const DNS_PORTS = { health: 8054, ready: 8055 };

/** Folders of containerd and CNI that no setting moves: each is a tmpfs of the sandbox. */
const OWN_FOLDERS = ['/run/containerd', '/run/netns', '/var/lib/cni', '/var/log'];

/**
 * Kernel settings that a kubelet writes for the whole machine (pkg/kubelet/cm, setupKernelTunables). Files of the sandbox that already
 * have its values are mounted over them.
 */
const TUNABLES = {
  'vm/overcommit_memory': '1',
  'vm/panic_on_oom': '0',
  'kernel/panic': '10',
  'kernel/panic_on_oops': '1',
  'kernel/keys/root_maxkeys': '1000000',
  'kernel/keys/root_maxbytes': '25000000',
};

const NODES = [1, 2] as const;
/** All volumes are local to one node; volumes on any node would need a provisioner. */
export const NODE_WITH_DISKS = 'node-1';
const DISKS = 3;

export class RealCluster {
  readonly kubectl: Kubectl;
  readonly helm: Helm;
  readonly #parts: readonly ManagedProcess[];
  readonly #nodes: RealNode[] = [];

  private constructor(kubectl: Kubectl, helm: Helm, parts: readonly ManagedProcess[]) {
    this.kubectl = kubectl;
    this.helm = helm;
    this.#parts = parts;
  }

  static async start(): Promise<RealCluster> {
    const folder = sandboxFolder();
    const programs = await ensurePrograms(REAL_CLUSTER_PROGRAMS);
    await prepareSandbox(folder);
    const access = createAccess(folder, PORTS.api, FABRIC_ADDRESS);
    const settings = { folder, programs, access, ports: PORTS, address: FABRIC_ADDRESS };
    const kubectl = new Kubectl(programs.kubectl, access.kubeconfig);
    const parts = [...planeProcesses(settings), dnsProcess(folder, programs.coredns, access.kubeconfig)];
    const cluster = new RealCluster(kubectl, await Helm.with(access.kubeconfig), parts);
    try {
      for (const part of parts) await part.start();
      for (const number of NODES) {
        const home = join(folder, `n${number}`);
        mkdirSync(home);
        const node = await RealNode.start({ number, folder: home, kubeconfig: access.kubeconfig, programs });
        cluster.#nodes.push(node);
        await node.importImages(imagesIn(folder));
      }
      await routeServicesThrough(1);
      await kubectl.apply(disks(folder));
      await kubectl.run(['wait', '--for=create', ...NODES.map((number) => `node/node-${number}`), '--timeout=60s']);
      await kubectl.run(['wait', '--for=condition=Ready', 'node', '--all', '--timeout=120s']);
      await kubectl.run(['wait', '--for=create', 'serviceaccount/default', '--timeout=60s']);
      return cluster;
    } catch (error) {
      const said = cluster.lastWords;
      await cluster.stop();
      throw new Error(`the cluster did not start:\n${said}`, { cause: error });
    }
  }

  /** The last log lines of its processes, for the message of a failed test. */
  get lastWords(): string {
    const parts = this.#parts.map(({ name, logs }) => `== ${name}\n${logs.tail()}`);
    return [...parts, ...this.#nodes.map(({ lastWords }) => lastWords)].join('\n');
  }

  /** Pods still run when it returns: they end with the sandbox, and their volumes are unmounted with it. */
  async stop(): Promise<void> {
    for (const node of this.#nodes) await node.stop();
    for (const part of [...this.#parts].reverse()) await part.stop();
  }
}

async function prepareSandbox(folder: string): Promise<void> {
  for (const each of OWN_FOLDERS) {
    mkdirSync(each, { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', each]);
  }
  for (const [name, value] of Object.entries(TUNABLES)) {
    if (!existsSync(`/proc/sys/${name}`)) continue;
    const file = join(folder, name.replaceAll('/', '-'));
    writeFileSync(file, `${value}\n`);
    execFileSync('mount', ['--bind', file, `/proc/sys/${name}`]);
  }
  await makeFabric();
}

function dnsProcess(folder: string, coredns: string, kubeconfig: string): ManagedProcess {
  const corefile = join(folder, 'Corefile');
  writeFileSync(
    corefile,
    `.:53 {
    errors
    health ${FABRIC_ADDRESS}:${DNS_PORTS.health}
    ready ${FABRIC_ADDRESS}:${DNS_PORTS.ready}
    kubernetes cluster.local in-addr.arpa ip6.arpa {
        kubeconfig ${kubeconfig}
        ttl 5
    }
    cache 5
}
`,
  );
  return new ManagedProcess({
    name: 'coredns',
    command: coredns,
    args: ['-conf', corefile],
    isReady: () => answersOk(`http://${FABRIC_ADDRESS}:${DNS_PORTS.ready}/ready`),
  });
}

/** Local volumes, since the cluster has no provisioner. */
function disks(folder: string): readonly KubernetesObject[] {
  return Array.from({ length: DISKS }, (_, i): KubernetesObject => {
    const path = join(folder, `disk-${i + 1}`);
    mkdirSync(path);
    const here = { key: 'kubernetes.io/hostname', operator: 'In', values: [NODE_WITH_DISKS] };
    return {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name: `disk-${i + 1}` },
      spec: {
        capacity: { storage: '10Gi' },
        accessModes: ['ReadWriteOnce'],
        persistentVolumeReclaimPolicy: 'Retain',
        local: { path },
        nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [here] }] } },
      },
    };
  });
}
