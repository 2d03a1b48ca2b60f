// `npm run cluster` as a test runs it: free ports, a temporary folder, and every process in the test's hands by name.
import { rmSync } from 'node:fs';
import { Cluster, freeClusterPorts } from '@millrace/tools/cluster';
import type { ClusterPorts, RunService } from '@millrace/tools/cluster';
import type { ControlledProcess, LineLog } from '@millrace/tools/processes';
import type { Quickstart } from '@millrace/standalone/quickstart';
import { askRedis } from './redis-operator.ts';
import { temporaryFolder } from './temporary-folder.ts';

export interface StartClusterOptions {
  readonly edges?: number;
  /** None when not given. */
  readonly rtspEdges?: number;
  /** None when not given. */
  readonly srtEdges?: number;
  readonly packagers?: number;
  readonly gateways?: number;
  /** None when not given. */
  readonly signalings?: number;
  readonly turns?: number;
  /** Settings of all services. */
  readonly env?: Readonly<Record<string, string>>;
  /** Added to the command line of Redis: a snapshot on disk, for example. */
  readonly redisArgs?: readonly string[];
  /** How its services are run: as they are built when not given. */
  readonly runService?: RunService;
}

export interface RunningCluster {
  readonly folder: string;
  readonly ports: ClusterPorts;
  /** A demo stream, as `npm run cluster` makes it. */
  readonly quickstart: Quickstart;
  /** `nats`, `redis`, `postgres`, `gateway-1`, `packager-1`, `edge-1`, `rtsp-1`, `srt-1`, `signaling-1`, `turn-1`, … */
  process(name: string): ControlledProcess;
  logs(name: string): LineLog;
  /** The RTMP address of an edge, counted from 1, without the key. */
  rtmpUrl(edge: number): string;
  /** The address of the first RTSP edge, without the key. */
  readonly rtspUrl: string;
  /** The address of an SRT edge, counted from 1, with a stream id that publishes up to the key. */
  srtUrl(edge: number): string;
  /** The HTTP address of a gateway, counted from 1. */
  gatewayUrl(gateway: number): string;
  /** The playlist of the demo stream through a gateway, counted from 1. */
  playbackUrl(gateway: number): string;
  /** Of the user `operator` in Redis. */
  readonly redisOperatorPassword: string;
  /** The address of the database, with its password. */
  readonly postgresUrl: string;
  stop(): Promise<void>;
}

export async function startCluster(options: StartClusterOptions = {}): Promise<RunningCluster> {
  const { edges = 2, rtspEdges = 0, srtEdges = 0, packagers = 2, gateways = 1, signalings = 0, turns = 0 } = options;
  const { env, redisArgs, runService } = options;
  const ports = await freeClusterPorts({ edges, rtspEdges, srtEdges, packagers, gateways, signalings, turns });
  const { path: folder } = temporaryFolder('cluster');
  const cluster = new Cluster({
    folder,
    ports,
    ...(env && { env }),
    ...(redisArgs && { redisArgs }),
    ...(runService && { runService }),
  });
  const stop = async (): Promise<void> => {
    const refused = await refusedAccess(cluster);
    await cluster.stop();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    if (refused.length > 0) throw new Error(`services did what they may not:\n${refused.join('\n')}`);
  };
  try {
    await cluster.start();
    const quickstart = await cluster.quickstart();
    const gatewayUrl = (gateway: number): string => `http://127.0.0.1:${ports.gateways[gateway - 1]?.http}`;
    return {
      folder,
      ports,
      quickstart,
      redisOperatorPassword: cluster.redisOperatorPassword,
      postgresUrl: cluster.postgres.url,
      process: (name) => cluster.process(name),
      logs: (name) => cluster.logs(name),
      rtmpUrl: (edge) => `rtmp://127.0.0.1:${ports.edges[edge - 1]?.rtmp}/live`,
      rtspUrl: `rtsp://127.0.0.1:${ports.rtspEdges[0]?.rtsp}/live`,
      srtUrl: (edge) => `srt://127.0.0.1:${ports.srtEdges[edge - 1]?.srt}?streamid=publish:`,
      gatewayUrl,
      playbackUrl: (gateway) => gatewayUrl(gateway) + new URL(quickstart.playback_url).pathname,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** What NATS and Redis have refused a service since they started: in a test that is a hole in the table of permissions. */
async function refusedAccess(cluster: Cluster): Promise<string[]> {
  const refused = cluster.logs('nats').lines.filter((line) => /Violation/.test(line));
  if (!cluster.process('redis').running) return refused;
  const log = await askRedis(cluster.ports.redis, cluster.redisOperatorPassword, 'ACL LOG');
  return log === '*0\r\n' ? refused : [...refused, log];
}
