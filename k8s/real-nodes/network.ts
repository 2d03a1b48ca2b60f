// The cluster's network, in the sandbox's namespace: a bridge, a namespace for each node, and the routes between pods.
import { readlinkSync, writeFileSync } from 'node:fs';
import { findProgram, ManagedProcess, requireProgram } from '@millrace/tools/processes';
import { runCommand } from '../control-plane/kubectl.ts';
import { SERVICE_ADDRESSES } from '../control-plane/processes.ts';

const BRIDGE = 'br0';

/** Address of the control plane, DNS and the tests, for nodes and pods. */
export const FABRIC_ADDRESS = '10.90.0.1';
export const PODS = '10.244.0.0/16';
export const NODE_ADDRESSES = '10.90.0.0/24';

export const nodeAddress = (number: number): string => `10.90.0.${10 + number}`;
export const podAddresses = (number: number): string => `10.244.${number}.0/24`;

/** A network namespace, kept open by an idle process. */
export class NodeNetwork {
  readonly #keeper: ManagedProcess;

  private constructor(keeper: ManagedProcess) {
    this.#keeper = keeper;
  }

  static async make(number: number): Promise<NodeNetwork> {
    const keeper: ManagedProcess = new ManagedProcess({
      name: `network of node ${number}`,
      command: requireProgram('unshare', 'util-linux'),
      args: ['--net', 'sleep', 'infinity'],
      // Until unshare has called unshare(2), the process is in its parent's namespace.
      isReady: async () => keeper.pid !== undefined && networkOf(keeper.pid) !== networkOf('self'),
    });
    await keeper.start();
    const network = new NodeNetwork(keeper);
    await network.#connect(number);
    return network;
  }

  /** Prefix that runs a command in the namespace. */
  get prefix(): readonly string[] {
    return [findProgram('nsenter') ?? 'nsenter', `--net=/proc/${this.#keeper.pid}/ns/net`];
  }

  async run(command: readonly string[]): Promise<string> {
    const [program = '', ...args] = [...this.prefix, ...command];
    return runCommand(program, args);
  }

  async #connect(number: number): Promise<void> {
    const [outer, address] = [`node${number}`, nodeAddress(number)];
    await ip('link', 'add', outer, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', String(this.#keeper.pid));
    await ip('link', 'set', outer, 'master', BRIDGE, 'up');
    await this.run(['ip', 'link', 'set', 'lo', 'up']);
    await this.run(['ip', 'addr', 'add', `${address}/24`, 'dev', 'eth0']);
    await this.run(['ip', 'link', 'set', 'eth0', 'up']);
    await this.run(['ip', 'route', 'add', 'default', 'via', FABRIC_ADDRESS]);
    await this.run(['sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward']);
    await ip('route', 'add', podAddresses(number), 'via', address);
  }

  stop(): Promise<void> {
    return this.#keeper.stop();
  }
}

/** The bridge in the sandbox's own namespace. */
export async function makeFabric(): Promise<void> {
  await ip('link', 'set', 'lo', 'up');
  await ip('link', 'add', BRIDGE, 'type', 'bridge');
  await ip('addr', 'add', `${FABRIC_ADDRESS}/24`, 'dev', BRIDGE);
  await ip('link', 'set', BRIDGE, 'up');
  writeFileSync('/proc/sys/net/ipv4/ip_forward', '1');
}

/** Requests from the tests to Services go through this node's kube-proxy. */
export const routeServicesThrough = (number: number): Promise<string> =>
  ip('route', 'add', SERVICE_ADDRESSES, 'via', nodeAddress(number));

const ip = (...args: readonly string[]): Promise<string> => runCommand(requireProgram('ip', 'iproute2'), args);

const networkOf = (process: number | string): string => readlinkSync(`/proc/${process}/ns/net`);
