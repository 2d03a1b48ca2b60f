// A whole cluster on this machine: real NATS, Redis and PostgreSQL, and every Millrace service as a process of its own.
import { chmodSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { requireFreePorts } from '@millrace/standalone/ports';
import { ensureQuickstart } from '@millrace/standalone/quickstart';
import type { Quickstart } from '@millrace/standalone/quickstart';
import type { ControlledProcess, ManagedProcess } from '../processes/index.ts';
import { natsProcess, redisProcess } from './backends.ts';
import { portsOf } from './cluster-ports.ts';
import type { ClusterPorts } from './cluster-ports.ts';
import { clusterSecrets } from './cluster-secrets.ts';
import type { ClusterSecrets } from './cluster-secrets.ts';
import { PostgresProcess } from './postgres-process.ts';
import { serviceProcess } from './service-process.ts';

export interface ClusterOptions {
  /** Where every process keeps its data. */
  readonly folder: string;
  readonly ports: ClusterPorts;
  /** Settings of all services, `MILLRACE_…`; those that the cluster needs itself go before. */
  readonly env?: Readonly<Record<string, string>>;
  /** Added to the command line of Redis. */
  readonly redisArgs?: readonly string[];
  /** Called with each line that a process writes. */
  readonly onLine?: (name: string, line: string) => void;
}

export class Cluster {
  readonly ports: ClusterPorts;
  readonly postgres: PostgresProcess;
  readonly #folder: string;
  readonly #secrets: ClusterSecrets;
  readonly #backends: readonly ControlledProcess[];
  readonly #services: readonly ManagedProcess[];

  constructor(options: ClusterOptions) {
    const folder = resolve(options.folder);
    const { ports } = options;
    this.ports = ports;
    this.#folder = folder;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    // PostgreSQL may have to run as another user, who must get through here to its own folder.
    chmodSync(folder, 0o711);
    this.#secrets = clusterSecrets(folder);
    const nats = natsProcess(join(folder, 'nats'), ports.nats);
    const redis = redisProcess(join(folder, 'redis'), ports.redis, options.redisArgs);
    this.postgres = new PostgresProcess(join(folder, 'postgres'), ports.postgres);
    this.#backends = [nats, redis, this.postgres];

    const shared = (name: string): Record<string, string> => ({
      ...options.env,
      MILLRACE_NATS_URL: `nats://127.0.0.1:${ports.nats}`,
      MILLRACE_REDIS_URL: `redis://127.0.0.1:${ports.redis}`,
      MILLRACE_DATA_DIR: join(folder, name),
    });
    this.#services = [
      ...ports.gateways.map(({ http, metrics }, i) => {
        const name = `gateway-${i + 1}`;
        // The address is known once PostgreSQL has made its password.
        const env = () => ({
          ...shared(name),
          MILLRACE_HTTP_PORT: String(http),
          MILLRACE_DATABASE_URL: this.postgres.url,
          MILLRACE_OPERATOR_KEY: this.#secrets.operatorKey,
          MILLRACE_KEY_PEPPER: this.#secrets.keyPepper,
          MILLRACE_PUBLIC_URL: this.#publicUrl,
          MILLRACE_PUBLIC_RTMP_URL: this.#publicRtmpUrl,
        });
        return serviceProcess({ name, app: 'gateway', metricsPort: metrics, env });
      }),
      ...ports.packagers.map(({ metrics }, i) => {
        const name = `packager-${i + 1}`;
        return serviceProcess({ name, app: 'packager', metricsPort: metrics, env: () => shared(name) });
      }),
      ...ports.edges.map(({ rtmp, rtmps, metrics }, i) => {
        const name = `edge-${i + 1}`;
        const env = () => ({
          ...shared(name),
          MILLRACE_RTMP_PORT: String(rtmp),
          MILLRACE_RTMPS_PORT: String(rtmps),
        });
        return serviceProcess({ name, app: 'rtmp-edge', metricsPort: metrics, env });
      }),
    ];
    for (const { name, logs } of [nats, redis, ...this.#services]) logs.onLine((line) => options.onLine?.(name, line));
  }

  /**
   * Starts the backends, then the services; stops what runs when one of them fails.
   *
   * @throws PortsTaken before anything is started, when a port is not free
   */
  async start(): Promise<void> {
    await requireFreePorts(portsOf(this.ports).map((port) => ({ host: '127.0.0.1', port, variable: '--port-base' })));
    try {
      await Promise.all(this.#backends.map((backend) => backend.start()));
      // One gateway first: it makes the tables, and what edges ask has somebody to answer.
      const [first, ...others] = this.#services;
      await first?.start();
      await Promise.all(others.map((service) => service.start()));
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Makes the demo stream once, as `npm start` does, and keeps what it is told in `quickstart.json`. */
  quickstart(): Promise<Quickstart> {
    return ensureQuickstart({
      folder: this.#folder,
      apiUrl: `http://127.0.0.1:${this.ports.gateways[0]?.http}`,
      publicUrl: this.#publicUrl,
      publicRtmpUrl: this.#publicRtmpUrl,
      operatorKey: this.#secrets.operatorKey,
    });
  }

  get #publicUrl(): string {
    return `http://localhost:${this.ports.gateways[0]?.http}`;
  }

  get #publicRtmpUrl(): string {
    return `rtmp://localhost:${this.ports.edges[0]?.rtmp}/live`;
  }

  /** The names of all processes, in the order in which they start. */
  get names(): readonly string[] {
    return [...this.#backends, ...this.#services].map(({ name }) => name);
  }

  /** A process by its name: `nats`, `redis`, `postgres`, `gateway-1`, `packager-1`, `edge-1`, … */
  process(name: string): ControlledProcess {
    const found = [...this.#backends, ...this.#services].find((candidate) => candidate.name === name);
    if (found === undefined) throw new Error(`no process is named ${name}; there are ${this.names.join(', ')}`);
    return found;
  }

  /** The output of a service, or of NATS or Redis. */
  logs(name: string): ManagedProcess['logs'] {
    const found = this.process(name);
    if (!('logs' in found)) throw new Error(`${name} writes its log into its folder`);
    return (found as ManagedProcess).logs;
  }

  /** Stops the services, edges first, then the backends. */
  async stop(): Promise<void> {
    await Promise.all(this.#services.filter(({ name }) => name.startsWith('edge-')).map((service) => service.stop()));
    await Promise.all(this.#services.map((service) => service.stop()));
    await Promise.all(this.#backends.map((backend) => backend.stop()));
  }
}
