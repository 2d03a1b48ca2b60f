// The cluster that faults are injected into: real processes, two of each service, and what this machine allows of disks that can be
// filled and of a network that can be cut.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SmallDisk } from '@millrace/frame-bus/testing';
import type { Quickstart } from '@millrace/standalone/quickstart';
import { Cluster, freeClusterPorts, serviceProcess } from '../cluster/index.ts';
import type { ControlledProcess } from '../processes/index.ts';
import { NetworkNamespace } from './network-namespace.ts';

const MiB = 1024 ** 2;
/** NATS keeps commit marks on it, Redis a snapshot when it is told to. */
const DISK_BYTES = 32 * MiB;
/** The one whose network can be cut. */
const CUT_PACKAGER = 'packager-2';

/** What a fault may need of the machine. */
export type Means = 'disk' | 'network';

export class ChaosCluster {
  readonly cluster: Cluster;
  readonly quickstart: Quickstart;
  /** Why the machine does not allow something. */
  readonly missing: ReadonlyMap<Means, string>;
  readonly network: NetworkNamespace | undefined;
  readonly disks: ReadonlyMap<'nats' | 'redis', SmallDisk>;
  readonly #folder: string;

  private constructor(
    parts: Pick<ChaosCluster, 'cluster' | 'quickstart' | 'missing' | 'network' | 'disks'>,
    folder: string,
  ) {
    this.cluster = parts.cluster;
    this.quickstart = parts.quickstart;
    this.missing = parts.missing;
    this.network = parts.network;
    this.disks = parts.disks;
    this.#folder = folder;
  }

  /** @param means what is asked of the machine; without it, faults that need it cannot be injected */
  static async start(means: readonly Means[]): Promise<ChaosCluster> {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-chaos-'));
    const missing = new Map<Means, string>();
    const ports = await freeClusterPorts({ edges: 2, packagers: 2, gateways: 2, signalings: 0, turns: 0 });
    const disks = means.includes('disk') ? mountDisks(folder, missing) : new Map<'nats' | 'redis', SmallDisk>();
    const network = means.includes('network') ? await openNetwork([ports.nats, ports.redis], missing) : undefined;
    const cluster = new Cluster({
      folder,
      ports,
      env: { MILLRACE_LOG_LEVEL: 'warn' },
      ...(network !== undefined && {
        runService: (options) =>
          options.name === CUT_PACKAGER
            ? serviceProcess(
                { ...options, metricsHost: network.address, env: () => behind(network, options.env()) },
                network.prefix,
              )
            : serviceProcess(options),
      }),
    });
    const release = (): void => {
      network?.close();
      for (const disk of disks.values()) disk.unmount();
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    };
    try {
      await cluster.start();
      const quickstart = await cluster.quickstart();
      return new ChaosCluster({ cluster, quickstart, missing, network, disks }, folder);
    } catch (error) {
      await cluster.stop();
      release();
      throw error;
    }
  }

  get natsFolder(): string {
    return join(this.#folder, 'nats');
  }

  process(name: string): ControlledProcess {
    return this.cluster.process(name);
  }

  /** Processes that do not run though nothing has ended them on purpose. */
  get dead(): readonly string[] {
    return this.cluster.names.filter((name) => !this.process(name).running);
  }

  /** The packager that holds the most streams, by its own metrics. */
  async busiestPackager(): Promise<string> {
    const counts = await Promise.all(
      this.cluster.ports.packagers.map(async ({ metrics }, i) => {
        const name = `packager-${i + 1}`;
        const host = name === CUT_PACKAGER ? (this.network?.address ?? '127.0.0.1') : '127.0.0.1';
        const answer = await fetch(`http://${host}:${metrics}/metrics`, { signal: AbortSignal.timeout(5_000) });
        const text = await answer.text();
        return { name, streams: Number(/^millrace_packager_streams(?:\{[^}]*\})? (\d+)/m.exec(text)?.[1] ?? 0) };
      }),
    );
    counts.sort((a, b) => b.streams - a.streams);
    return counts[0]?.name ?? 'packager-1';
  }

  /** A command of Redis in its inline form. @throws when Redis answers with an error */
  redis(command: string): Promise<void> {
    const login = `AUTH operator ${this.cluster.redisOperatorPassword}`;
    return new Promise((resolve, reject) => {
      const socket = connect(this.cluster.ports.redis, '127.0.0.1', () => socket.write(`${login}\r\n${command}\r\n`));
      let replies = '';
      socket.on('data', (data: Buffer) => {
        replies += data.toString();
        if (replies.split('\r\n').length < 3) return;
        socket.end();
        if (/^\+OK\r\n[^-]/.test(replies)) resolve();
        else reject(new Error(`redis: ${command}: ${replies}`));
      });
      socket.once('error', reject);
    });
  }

  async stop(): Promise<void> {
    this.network?.heal();
    for (const disk of this.disks.values()) disk.clear();
    await this.cluster.stop();
    this.network?.close();
    for (const disk of this.disks.values()) disk.unmount();
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

function mountDisks(folder: string, missing: Map<Means, string>): Map<'nats' | 'redis', SmallDisk> {
  const disks = new Map<'nats' | 'redis', SmallDisk>();
  for (const name of ['nats', 'redis'] as const) {
    mkdirSync(join(folder, name), { recursive: true });
    const disk = SmallDisk.mount(DISK_BYTES, join(folder, name));
    if (disk === undefined)
      missing.set('disk', 'a tmpfs cannot be mounted: that needs root, and CAP_SYS_ADMIN in a container');
    else disks.set(name, disk);
  }
  return disks;
}

async function openNetwork(
  ports: readonly number[],
  missing: Map<Means, string>,
): Promise<NetworkNamespace | undefined> {
  const network = NetworkNamespace.open();
  if (typeof network === 'string') {
    missing.set('network', network);
    return undefined;
  }
  for (const port of ports) await network.relay(port);
  return network;
}

/** NATS and Redis are elsewhere for what runs behind a network of its own. */
function behind(network: NetworkNamespace, env: Readonly<Record<string, string>>): Record<string, string> {
  const there = (url = ''): string => url.replace('@127.0.0.1:', `@${network.hostAddress}:`);
  return {
    ...env,
    MILLRACE_NATS_URL: there(env['MILLRACE_NATS_URL']),
    MILLRACE_REDIS_URL: there(env['MILLRACE_REDIS_URL']),
  };
}
