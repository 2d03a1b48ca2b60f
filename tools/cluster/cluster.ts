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
import { clusterServices, publicUrls } from './cluster-services.ts';
import { PostgresProcess } from './postgres-process.ts';
import { serviceProcess } from './service-process.ts';
import type { RunService } from './service-process.ts';

export interface ClusterOptions {
  /** Where every process keeps its data. */
  readonly folder: string;
  readonly ports: ClusterPorts;
  /** Settings of all services, `MILLRACE_…`; those that the cluster needs itself go before. */
  readonly env?: Readonly<Record<string, string>>;
  /** Added to the command line of Redis. */
  readonly redisArgs?: readonly string[];
  /** As processes of this machine when not given. */
  readonly runService?: RunService;
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
    const { passwords } = this.#secrets;
    const shards = Number(options.env?.['MILLRACE_NATS_SHARDS'] ?? 1);
    const nats = natsProcess(join(folder, 'nats'), ports.nats, passwords, shards);
    const redis = redisProcess(join(folder, 'redis'), ports.redis, this.#secrets, options.redisArgs);
    this.postgres = new PostgresProcess(join(folder, 'postgres'), ports.postgres);
    this.#backends = [nats, redis, this.postgres];

    const { env = {}, runService = serviceProcess } = options;
    const databaseUrl = (): string => this.postgres.url;
    this.#services = clusterServices({ folder, ports, secrets: this.#secrets, env, databaseUrl, runService });
    for (const { name, logs } of [nats, redis, ...this.#services]) logs.onLine((line) => options.onLine?.(name, line));
  }

  /**
   * Starts the backends, then the services; stops what runs when one of them fails.
   *
   * @throws PortsTaken before anything is started, when a port is not free
   */
  async start(): Promise<void> {
    await requireFreePorts(
      portsOf(this.ports).map((port) => ({ ...port, host: '127.0.0.1', variable: '--port-base' })),
    );
    try {
      await Promise.all(this.#backends.map((backend) => backend.start()));
      // One gateway first: it makes the tables, and answers the requests of edges.
      const [first, ...others] = this.#services;
      await first?.start();
      await Promise.all(others.map((service) => service.start()));
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Makes the demo stream and room once, as `npm start` does, and keeps what it is told in `quickstart.json`. */
  quickstart(): Promise<Quickstart> {
    return ensureQuickstart({
      folder: this.#folder,
      apiUrl: `http://127.0.0.1:${this.ports.gateways[0]?.http}`,
      ...publicUrls(this.ports),
      operatorKey: this.#secrets.operatorKey,
    });
  }

  /** Of the user `operator` in Redis. */
  get redisOperatorPassword(): string {
    return this.#secrets.redisOperatorPassword;
  }

  /** The names of all processes, in the order in which they start. */
  get names(): readonly string[] {
    return [...this.#backends, ...this.#services].map(({ name }) => name);
  }

  /** A process by its name: `nats`, `redis`, `postgres`, `gateway-1`, `packager-1`, `edge-1`, `rtsp-1`, `srt-1`, `signaling-1`, `turn-1`, … */
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

  /** Stops the services, those that clients are connected to first, then the backends. */
  async stop(): Promise<void> {
    const doors = this.#services.filter(({ name }) => /^(edge|rtsp|srt|signaling|turn)-/.test(name));
    await Promise.all(doors.map((service) => service.stop()));
    await Promise.all(this.#services.map((service) => service.stop()));
    await Promise.all(this.#backends.map((backend) => backend.stop()));
  }
}
