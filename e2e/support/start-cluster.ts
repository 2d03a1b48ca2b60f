// `npm run cluster` as a test runs it: free ports, a temporary folder, and every process in the test's hands by name.
import { rmSync } from 'node:fs';
import { Cluster, freeClusterPorts } from '@millrace/tools/cluster';
import type { ClusterPorts } from '@millrace/tools/cluster';
import type { ControlledProcess, LineLog } from '@millrace/tools/processes';
import type { Quickstart } from '@millrace/standalone/quickstart';
import { temporaryFolder } from './temporary-folder.ts';

export interface StartClusterOptions {
  readonly edges?: number;
  readonly packagers?: number;
  readonly gateways?: number;
  /** None when not given. */
  readonly signalings?: number;
  readonly turns?: number;
  /** Settings of all services. */
  readonly env?: Readonly<Record<string, string>>;
  /** Added to the command line of Redis: a snapshot on disk, for example. */
  readonly redisArgs?: readonly string[];
}

export interface RunningCluster {
  readonly folder: string;
  readonly ports: ClusterPorts;
  /** A demo stream, as `npm run cluster` makes it. */
  readonly quickstart: Quickstart;
  /** `nats`, `redis`, `postgres`, `gateway-1`, `packager-1`, `edge-1`, `signaling-1`, `turn-1`, … */
  process(name: string): ControlledProcess;
  logs(name: string): LineLog;
  /** The RTMP address of an edge, counted from 1, without the key. */
  rtmpUrl(edge: number): string;
  /** The HTTP address of a gateway, counted from 1. */
  gatewayUrl(gateway: number): string;
  /** The playlist of the demo stream through a gateway, counted from 1. */
  playbackUrl(gateway: number): string;
  stop(): Promise<void>;
}

export async function startCluster(options: StartClusterOptions = {}): Promise<RunningCluster> {
  const { edges = 2, packagers = 2, gateways = 1, signalings = 0, turns = 0, env, redisArgs } = options;
  const ports = await freeClusterPorts({ edges, packagers, gateways, signalings, turns });
  const { path: folder } = temporaryFolder('cluster');
  const cluster = new Cluster({ folder, ports, ...(env && { env }), ...(redisArgs && { redisArgs }) });
  const stop = async (): Promise<void> => {
    await cluster.stop();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    await cluster.start();
    const quickstart = await cluster.quickstart();
    const gatewayUrl = (gateway: number): string => `http://127.0.0.1:${ports.gateways[gateway - 1]?.http}`;
    return {
      folder,
      ports,
      quickstart,
      process: (name) => cluster.process(name),
      logs: (name) => cluster.logs(name),
      rtmpUrl: (edge) => `rtmp://127.0.0.1:${ports.edges[edge - 1]?.rtmp}/live`,
      gatewayUrl,
      playbackUrl: (gateway) => gatewayUrl(gateway) + new URL(quickstart.playback_url).pathname,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
