// The gateway as a service of its own: over NATS, Redis and PostgreSQL.
import { randomUUID } from 'node:crypto';
import { createNatsControlClient, natsControlGateway, natsInboxPrefix } from '@millrace/control';
import { createNatsFrameBus } from '@millrace/frame-bus';
import { createRedisLiveStore, createRedisPresence } from '@millrace/live-store';
import {
  AdminServer,
  Drain,
  type Logger,
  Metrics,
  Readiness,
  type Tracer,
  tellPodDeletionCost,
  UndoStack,
} from '@millrace/service-kit';
import { CONTROL_SEAL_SECRET } from './auth/auth.module.ts';
import { createGatewayApp } from './gateway-app.ts';
import { GatewayModule } from './gateway.module.ts';
import { HttpFlv } from './http-flv/http-flv.module.ts';
import { RequestsInFlight } from './server/requests-in-flight.ts';
import { Installation } from './installation/installation.ts';
import { writeOperatorKey } from './installation/operator-key-file.ts';
import { LateFrameBus } from './late-frame-bus.ts';
import type { GatewaySettings } from './settings.ts';

/** Each request of an edge is answered by one gateway of many. */
const QUEUE = 'gateway';
/** What names repeated requests in the live store. */
const SEEN_REQUEST = 'seen-request:';

export class GatewayProcess {
  readonly #settings: GatewaySettings;
  readonly #logger: Logger;
  readonly #version: string;
  readonly #tracer: Tracer;
  readonly #undo = new UndoStack();
  #drain: Drain | undefined;

  constructor(settings: GatewaySettings, logger: Logger, version: string, tracer: Tracer) {
    this.#settings = settings;
    this.#logger = logger;
    this.#version = version;
    this.#tracer = tracer;
  }

  async start(): Promise<void> {
    const settings = this.#settings;
    const logger = this.#logger;
    const tracer = this.#tracer;
    const metrics = new Metrics({ service: 'gateway', version: this.#version });
    const readiness = new Readiness();
    const started = readiness.starting();
    const admin = new AdminServer({ host: settings.metricsHost, port: settings.metricsPort, metrics, readiness });
    this.#undo.add(() => admin.close());
    await admin.listen();
    const liveStore = await createRedisLiveStore({ url: settings.redisUrl });
    this.#undo.add(() => liveStore.close());
    const presence = await createRedisPresence({ url: settings.redisUrl });
    this.#undo.add(() => presence.close());
    const access = { url: settings.natsUrl, inboxPrefix: natsInboxPrefix('gateway') };
    const frameBus = this.#readFrames(access);
    this.#undo.add(() => frameBus.close());
    const control = createNatsControlClient(access);
    this.#undo.add(() => control.close() as unknown);
    const ports = { liveStore, presence, frameBus, control, metrics, logger, readiness, tracer };
    const module = GatewayModule.register({ settings, ...ports });
    const app = await createGatewayApp({ module, settings, metrics, logger, tracer });
    this.#undo.add(() => app.close());
    const answers = natsControlGateway({
      ...access,
      queue: QUEUE,
      sealSecret: app.get<string>(CONTROL_SEAL_SECRET, { strict: false }),
      firstTime: (id, ttlMs) => liveStore.useOnce(SEEN_REQUEST + id, randomUUID(), ttlMs),
      acceptClear: settings.acceptClearRequests,
    });
    app.connectMicroservice(answers, { inheritAppConfig: true });
    await app.listen(settings.httpPort, settings.httpHost);
    const requests = app.get(RequestsInFlight, { strict: false });
    // The door closes with the process alone: who still comes is served, and told to connect anew.
    const flv = app.get(HttpFlv, { strict: false });
    const work = {
      leave: () => {
        requests.leave();
        flv.leave();
      },
      left: () => requests.count,
    };
    this.#drain = new Drain({ readiness, metrics, logger, lagMs: settings.drainReadinessLagMs }, work);
    admin.offerDrain({ drain: this.#drain, fromAnywhere: settings.adminDrain });
    this.#undo.add(tellPodDeletionCost(settings, work.left, metrics, logger));
    started();
    this.#undo.add(() => readiness.stopping());
    // Viewers do not wait for NATS. But a gateway that has never reached it decides no publish: it is not ready until then.
    const reached = readiness.add('control', () => 'waiting for NATS');
    app
      .startAllMicroservices()
      .then(reached)
      .catch((error: unknown) => logger.fatal({ err: error }, 'cannot receive control messages'));
    logger.info({ address: await app.getUrl() }, 'gateway listening');
    void writeOperatorKey(app.get(Installation, { strict: false }), settings.dataDir, logger);
  }

  #readFrames({ url, inboxPrefix }: { readonly url: string; readonly inboxPrefix: string }): LateFrameBus {
    const { instanceId, natsShards: shards } = this.#settings;
    const logger = this.#logger;
    const problem = (error: Error): void => logger.warn({ err: error }, 'the frame bus has a problem');
    return new LateFrameBus(
      () =>
        createNatsFrameBus({
          url,
          inboxPrefix,
          shards,
          name: `gateway ${instanceId}`,
          observer: { problem },
          makesStreams: false,
          publishes: false,
          marks: false,
        }),
      logger,
    );
  }

  /** Drains, then stops everything that was started, in opposite order. */
  async stop(): Promise<void> {
    await this.#drain?.begin('signal');
    await this.#undo.run();
  }
}
