// One node: containerd, kubelet and kube-proxy in their own network namespace.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { ManagedProcess, requireProgram } from '@millrace/tools/processes';
import { runCommand } from '../control-plane/kubectl.ts';
import type { Programs, REAL_CLUSTER_PROGRAMS } from '../control-plane/programs.ts';
import { cniFolder } from './needs.ts';
import { FABRIC_ADDRESS, nodeAddress, NODE_ADDRESSES, NodeNetwork, podAddresses, PODS } from './network.ts';
import { CGROUP_PREFIX, CGROUPS, cgroupTrees, cgroupVersion } from './sandbox.ts';

/** The image that holds a pod's namespaces. */
export const PAUSE_IMAGE = 'millrace.test/pause:1';

/**
 * A default minikube: 2 CPUs and 4 GiB, of which its own control plane requests 850m; here that runs beside the node. The kubelet
 * puts all pods together into a cgroup of what is left, so pods that use more memory are evicted or killed.
 */
const NODE = { cpus: 2, memoryBytes: 4 * 1024 ** 3, systemMillicores: 850 } as const;

const OWNER_ONLY = 0o600;

export interface NodeSettings {
  readonly number: number;
  /** Everything that the node writes is below it. Short: it holds sockets. */
  readonly folder: string;
  readonly kubeconfig: string;
  readonly programs: Programs<(typeof REAL_CLUSTER_PROGRAMS)[number]>;
}

export class RealNode {
  readonly name: string;
  readonly #settings: NodeSettings;
  readonly #network: NodeNetwork;
  readonly #processes: readonly ManagedProcess[];

  private constructor(settings: NodeSettings, network: NodeNetwork) {
    this.name = `node-${settings.number}`;
    this.#settings = settings;
    this.#network = network;
    this.#processes = [this.#containerd(), this.#kubelet(), this.#kubeProxy()];
  }

  static async start(settings: NodeSettings): Promise<RealNode> {
    const network = await NodeNetwork.make(settings.number);
    const node = new RealNode(settings, network);
    node.#writeFiles();
    node.#makeCgroups();
    try {
      for (const each of node.#processes) await each.start();
    } catch (error) {
      await node.stop();
      throw error;
    }
    return node;
  }

  /** The last log lines of its processes. */
  get lastWords(): string {
    return this.#processes.map(({ name, logs }) => `== ${name}\n${logs.tail()}`).join('\n');
  }

  /** @param archive as `docker save` writes it */
  async importImages(archive: string): Promise<void> {
    await this.#ctr(['--namespace', 'k8s.io', 'images', 'import', archive]);
  }

  async stop(): Promise<void> {
    for (const each of [...this.#processes].reverse()) await each.stop();
    await this.#network.stop();
  }

  get #folder(): string {
    return this.#settings.folder;
  }

  get #socket(): string {
    return join(this.#folder, 'containerd.sock');
  }

  #ctr(args: readonly string[]): Promise<string> {
    return runCommand(requireProgram('ctr', 'containerd'), ['--address', this.#socket, ...args]);
  }

  #process(name: string, program: string, args: readonly string[], isReady = async () => true): ManagedProcess {
    const [nsenter = '', ...inNetwork] = this.#network.prefix;
    return new ManagedProcess({
      name: `${name} of ${this.name}`,
      command: nsenter,
      args: [...inNetwork, program, ...args],
      isReady,
    });
  }

  #containerd(): ManagedProcess {
    const answers = (): Promise<boolean> =>
      this.#ctr(['version']).then(
        () => true,
        () => false,
      );
    const program = requireProgram('containerd', 'containerd');
    return this.#process('containerd', program, ['--config', join(this.#folder, 'containerd.toml')], answers);
  }

  #kubelet(): ManagedProcess {
    const { programs, kubeconfig, number } = this.#settings;
    return this.#process('kubelet', programs.kubelet, [
      `--config=${join(this.#folder, 'kubelet.yaml')}`,
      `--kubeconfig=${kubeconfig}`,
      `--hostname-override=${this.name}`,
      `--node-ip=${nodeAddress(number)}`,
      `--root-dir=${join(this.#folder, 'kubelet')}`,
      `--cert-dir=${join(this.#folder, 'pki')}`,
      `--node-labels=topology.kubernetes.io/zone=zone-${number},millrace.dev/turn=true`,
    ]);
  }

  #kubeProxy(): ManagedProcess {
    return this.#process('kube-proxy', this.#settings.programs['kube-proxy'], [
      `--config=${join(this.#folder, 'proxy.yaml')}`,
    ]);
  }

  #writeFiles(): void {
    const { number, kubeconfig } = this.#settings;
    const write = (name: string, content: object | string): void =>
      writeFileSync(join(this.#folder, name), typeof content === 'string' ? content : stringify(content), {
        mode: OWNER_ONLY,
      });
    for (const name of ['cni', 'kubelet', 'pki', 'logs']) mkdirSync(join(this.#folder, name), { recursive: true });
    write('containerd.toml', this.#containerdConfig());
    write('cni/10-ptp.conflist', JSON.stringify(cniConfig(number, join(this.#folder, 'addresses'))));
    write('resolv.conf', `nameserver ${FABRIC_ADDRESS}\n`);
    write('kubelet.yaml', {
      apiVersion: 'kubelet.config.k8s.io/v1beta1',
      kind: 'KubeletConfiguration',
      address: nodeAddress(number),
      // Reachable only inside the sandbox.
      authentication: { anonymous: { enabled: true }, webhook: { enabled: false } },
      authorization: { mode: 'AlwaysAllow' },
      cgroupDriver: 'cgroupfs',
      cgroupRoot: `/${this.#cgroup}`,
      failCgroupV1: false,
      failSwapOn: false,
      clusterDNS: [FABRIC_ADDRESS],
      clusterDomain: 'cluster.local',
      resolvConf: join(this.#folder, 'resolv.conf'),
      containerRuntimeEndpoint: `unix://${this.#socket}`,
      systemReserved: reserved(),
      evictionHard: {
        'memory.available': '100Mi',
        'nodefs.available': '1%',
        'imagefs.available': '1%',
        'nodefs.inodesFree': '1%',
      },
      // Imported images are in no registry, so none may be removed.
      imageGCHighThresholdPercent: 100,
      imageGCLowThresholdPercent: 99,
      nodeStatusReportFrequency: '10s',
      podLogsDir: join(this.#folder, 'logs'),
      volumePluginDir: join(this.#folder, 'volume-plugins'),
      maxPods: 60,
    });
    write('proxy.yaml', {
      apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
      kind: 'KubeProxyConfiguration',
      mode: 'nftables',
      clientConnection: { kubeconfig },
      clusterCIDR: PODS,
      hostnameOverride: this.name,
      // 0 leaves the limits of the whole machine as they are.
      conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
      nodePortAddresses: [NODE_ADDRESSES],
    });
  }

  #containerdConfig(): string {
    const runtime = '[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc';
    return [
      'version = 2',
      `root = ${JSON.stringify(join(this.#folder, 'containerd'))}`,
      `state = ${JSON.stringify(join(this.#folder, 'state'))}`,
      '[grpc]',
      `address = ${JSON.stringify(this.#socket)}`,
      '[plugins."io.containerd.internal.v1.opt"]',
      `path = ${JSON.stringify(join(this.#folder, 'opt'))}`,
      '[plugins."io.containerd.grpc.v1.cri"]',
      `sandbox_image = ${JSON.stringify(PAUSE_IMAGE)}`,
      // A container of a container may not lower it (CAP_SYS_RESOURCE).
      'restrict_oom_score_adj = true',
      `${runtime}]`,
      'runtime_type = "io.containerd.runc.v2"',
      `${runtime}.options]`,
      'SystemdCgroup = false',
      '[plugins."io.containerd.grpc.v1.cri".cni]',
      `bin_dir = ${JSON.stringify(cniFolder())}`,
      `conf_dir = ${JSON.stringify(join(this.#folder, 'cni'))}`,
      '',
    ].join('\n');
  }

  get #cgroup(): string {
    return `${CGROUP_PREFIX}${this.#settings.number}`;
  }

  /** Ten times the weight of other processes, so that a busy machine leaves a node the CPUs that it announces. */
  #makeCgroups(): void {
    for (const tree of cgroupTrees()) mkdirSync(join(tree, this.#cgroup), { recursive: true });
    if (cgroupVersion() === 2) {
      const controllers = '+cpu +cpuset +memory +pids';
      for (const folder of [CGROUPS, join(CGROUPS, this.#cgroup)])
        writeFileSync(join(folder, 'cgroup.subtree_control'), controllers);
      writeFileSync(join(CGROUPS, this.#cgroup, 'cpu.weight'), '1000');
      return;
    }
    writeFileSync(join(CGROUPS, 'cpu', this.#cgroup, 'cpu.shares'), '10240');
    // A new cpuset has neither, and accepts no process until both are set.
    for (const name of ['cpuset.cpus', 'cpuset.mems'])
      writeFileSync(join(CGROUPS, 'cpuset', this.#cgroup, name), readFileSync(join(CGROUPS, 'cpuset', name)));
  }
}

/** Everything beyond the size of `NODE`, so that the kubelet announces a node of that size. */
function reserved(): Readonly<Record<string, string>> {
  const millicores = Math.max(0, availableParallelism() - NODE.cpus) * 1000 + NODE.systemMillicores;
  return { cpu: `${millicores}m`, memory: String(Math.max(0, totalmem() - NODE.memoryBytes)) };
}

function cniConfig(number: number, dataDir: string): object {
  const ipam = {
    type: 'host-local',
    dataDir,
    ranges: [[{ subnet: podAddresses(number) }]],
    routes: [{ dst: '0.0.0.0/0' }],
  };
  return { cniVersion: '0.4.0', name: 'pods', plugins: [{ type: 'ptp', mtu: 1500, ipam }] };
}
