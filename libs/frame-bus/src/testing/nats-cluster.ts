// Three real nats-servers that are one JetStream cluster, as one to a zone.
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { startNatsServer } from './nats-server.ts';
import type { NatsServer } from './nats-server.ts';

const SERVERS = 3;

export class NatsCluster {
  readonly servers: readonly NatsServer[];

  /** Use `startNatsCluster`. */
  constructor(servers: readonly NatsServer[]) {
    this.servers = servers;
  }

  /** Addresses of all, separated by commas. */
  get url(): string {
    return this.servers.map(({ url }) => url).join(',');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.servers.map((server) => server[Symbol.asyncDispose]()));
  }
}

/** Starts them all in new folders. Dispose of the cluster at the end. */
export async function startNatsCluster(): Promise<NatsCluster> {
  const ports = await freePorts(SERVERS);
  const routes = ports.map((port) => `nats-route://127.0.0.1:${port}`);
  const servers = ports.map((port, index) =>
    startNatsServer({
      arguments: [
        '--server_name',
        `zone-${index}`,
        '--cluster_name',
        'zones',
        '--cluster',
        `nats://127.0.0.1:${port}`,
        '--routes',
        routes.join(','),
      ],
    }),
  );
  return new NatsCluster(await Promise.all(servers));
}

/** Ports that nothing listens on now: servers of a cluster have to know each other's before they start. */
async function freePorts(count: number): Promise<number[]> {
  const probes = await Promise.all(
    Array.from({ length: count }, async () => {
      const probe = createServer().listen(0, '127.0.0.1');
      await once(probe, 'listening');
      return probe;
    }),
  );
  const ports = probes.map((probe) => (probe.address() as AddressInfo).port);
  await Promise.all(probes.map((probe) => once(probe.close(), 'close')));
  return ports;
}
