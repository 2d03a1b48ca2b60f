// A whole gateway for tests: real HTTP on a free port, real PostgreSQL, live store and control messages in this process.
import {
  ControlPlaneClient,
  InProcessControl,
  RelayControlClient,
  RoomControlClient,
  UsageControlClient,
} from '@millrace/control';
import { newSecretKey } from '@millrace/domain';
import { createMemoryFrameBus } from '@millrace/frame-bus';
import type { FrameBus } from '@millrace/frame-bus';
import { createMemoryLiveStore, createMemoryPresence } from '@millrace/live-store';
import type { LiveStore, PresenceStore } from '@millrace/live-store';
import { createLogger, Metrics, Readiness } from '@millrace/service-kit';
import type { Logger, Tracer } from '@millrace/service-kit';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createGatewayApp } from '../gateway-app.ts';
import { GatewayModule } from '../gateway.module.ts';
import { gatewaySettings } from '../settings.ts';
import { EdgeEars } from './edge-ears.ts';

/** So that only the specs of rates, which set their own, meet one: how fast a walk over all routes goes depends on the machine. */
const NO_BURST_TOO_LARGE = Object.fromEntries(
  ['BURST_PER_ADDRESS', 'BURST_PER_KEY', 'READ_BURST_PER_TENANT', 'WRITE_BURST_PER_TENANT'].map((name) => [
    `MILLRACE_API_${name}`,
    '1000000',
  ]),
);

export interface TestGatewayOptions {
  readonly databaseUrl: string;
  readonly liveStore?: LiveStore;
  readonly presence?: PresenceStore;
  readonly frameBus?: Pick<FrameBus, 'subscribe'>;
  /** Gateways of one bus hear each other. */
  readonly bus?: InProcessControl;
  readonly env?: Readonly<Record<string, string>>;
  readonly tracer?: Tracer;
  readonly logger?: Logger;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The parsed body; undefined when there is none. */
  readonly body: unknown;
}

export interface Asked {
  readonly key?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export class TestGateway {
  readonly #undo: () => Promise<void>;

  private constructor(
    readonly app: NestFastifyApplication,
    readonly url: string,
    readonly operatorKey: string,
    readonly liveStore: LiveStore,
    readonly presence: PresenceStore,
    readonly control: ControlPlaneClient,
    readonly rooms: RoomControlClient,
    readonly relays: RelayControlClient,
    readonly usage: UsageControlClient,
    /** What edges and packagers were told. */
    readonly ears: EdgeEars,
    readonly metrics: Metrics,
    readonly readiness: Readiness,
    readonly bus: InProcessControl,
    undo: () => Promise<void>,
  ) {
    this.#undo = undo;
  }

  static async start({
    databaseUrl,
    liveStore = createMemoryLiveStore(),
    presence = createMemoryPresence(),
    frameBus = createMemoryFrameBus(),
    bus = new InProcessControl(),
    env = {},
    tracer,
    logger = createLogger({ service: 'gateway', level: env['MILLRACE_LOG_LEVEL'] ?? 'silent' }),
  }: TestGatewayOptions): Promise<TestGateway> {
    const dataDir = await mkdtemp(join(tmpdir(), 'millrace-gateway-'));
    const operatorKey = newSecretKey('mr_op');
    const settings = gatewaySettings.parse({
      MILLRACE_DATABASE_URL: databaseUrl,
      MILLRACE_DATA_DIR: dataDir,
      MILLRACE_OPERATOR_KEY: operatorKey,
      MILLRACE_DATABASE_CONNECT_TIMEOUT_MS: '10000',
      MILLRACE_DATABASE_QUERY_TIMEOUT_MS: '10000',
      MILLRACE_RECONCILE_MS: '100',
      ...NO_BURST_TOO_LARGE,
      ...env,
    });
    const metrics = new Metrics({ service: 'gateway', version: '0', processMetrics: false });
    const readiness = new Readiness();
    const client = bus.client();
    const module = GatewayModule.register({
      settings,
      liveStore,
      presence,
      frameBus,
      control: client,
      metrics,
      logger,
      readiness,
      tracer,
    });
    const app = await createGatewayApp({ module, settings, metrics, logger, tracer });
    app.connectMicroservice({ strategy: bus.server('gateway') }, { inheritAppConfig: true });
    const ears = await EdgeEars.listen(bus);
    await app.startAllMicroservices();
    await app.listen(0, '127.0.0.1');
    const traced = { traceparent: () => tracer?.current?.traceparent };
    const undo = async (): Promise<void> => {
      await app.close();
      await ears.close();
      await client.close();
      await rm(dataDir, { recursive: true, force: true });
    };
    return new TestGateway(
      ...([app, await app.getUrl(), operatorKey, liveStore, presence] as const),
      ...([
        new ControlPlaneClient(client, traced),
        new RoomControlClient(client),
        new RelayControlClient(client),
        new UsageControlClient(client),
      ] as const),
      ...([ears, metrics, readiness, bus, undo] as const),
    );
  }

  /** One request, with the operator's key unless another is given; an empty one sends none. */
  async call(
    method: string,
    path: string,
    { key = this.operatorKey, body, headers = {} }: Asked = {},
  ): Promise<Answer> {
    const answer = await fetch(this.url + path, {
      method,
      headers: {
        ...(key === '' ? {} : { authorization: `Bearer ${key}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await answer.text();
    const json = /^application\/(problem\+)?json/.test(answer.headers.get('content-type') ?? '') && text !== '';
    return {
      status: answer.status,
      headers: answer.headers,
      text,
      body: json ? (JSON.parse(text) as unknown) : undefined,
    };
  }

  /** A request that must succeed. @returns its body */
  async ok(method: string, path: string, asked: Asked = {}): Promise<Record<string, unknown>> {
    const answer = await this.call(method, path, asked);
    if (answer.status >= 300) throw new Error(`${method} ${path} answered ${answer.status}: ${answer.text}`);
    return (answer.body ?? {}) as Record<string, unknown>;
  }

  async close(): Promise<void> {
    await this.#undo();
  }
}
