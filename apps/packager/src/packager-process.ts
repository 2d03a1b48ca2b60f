// The packager as a service of its own: opens NATS and Redis, and closes them last.
import { createNatsControlClient, natsControlServer, natsInboxPrefix } from '@millrace/control';
import { createNatsFrameBus, isFrameBusAway } from '@millrace/frame-bus';
import { createRedisLiveStore } from '@millrace/live-store';
import {
  AdminServer,
  Drain,
  type Logger,
  Metrics,
  NestLogger,
  Readiness,
  TraceInterceptor,
  type Tracer,
  tellPodDeletionCost,
  UndoStack,
  whenAvailable,
} from '@millrace/service-kit';
import { NestFactory } from '@nestjs/core';
import { Packager } from './packager.ts';
import { PackagerModule } from './packager.module.ts';
import type { PackagerSettings } from './packager-settings.ts';

export class PackagerProcess {
  readonly #settings: PackagerSettings;
  readonly #logger: Logger;
  readonly #version: string;
  readonly #tracer: Tracer;
  readonly #undo = new UndoStack();
  #drain: Drain | undefined;

  constructor(settings: PackagerSettings, logger: Logger, version: string, tracer: Tracer) {
    this.#settings = settings;
    this.#logger = logger;
    this.#version = version;
    this.#tracer = tracer;
  }

  /** Waits for NATS as long as it takes; Redis may come later. */
  async start(): Promise<void> {
    const settings = this.#settings;
    const logger = this.#logger;
    const tracer = this.#tracer;
    const metrics = new Metrics({ service: 'packager', version: this.#version });
    const readiness = new Readiness();
    const started = readiness.starting();
    const admin = new AdminServer({ host: settings.metricsHost, port: settings.metricsPort, metrics, readiness });
    this.#undo.add(() => admin.close());
    await admin.listen();
    const liveStore = await createRedisLiveStore({ url: settings.redisUrl });
    this.#undo.add(() => liveStore.close());
    const problem = (error: Error): void => logger.warn({ err: error }, 'frame bus problem');
    const name = `packager ${settings.instanceId}`;
    const inboxPrefix = natsInboxPrefix('packager');
    const nats = { check: 'frame_bus', name: 'NATS', readiness, logger };
    const frameBus = await whenAvailable(
      nats,
      () =>
        createNatsFrameBus({
          url: settings.natsUrl,
          name,
          inboxPrefix,
          publishes: false,
          observer: { problem },
          shards: settings.natsShards,
          maxBytesPerShard: settings.natsFramesMaxBytes,
          replicas: settings.natsReplicas,
        }),
      isFrameBusAway,
    );
    this.#undo.add(() => frameBus.close());
    const control = createNatsControlClient({ url: settings.natsUrl, inboxPrefix });
    this.#undo.add(() => control.close() as unknown);
    const module = PackagerModule.register({
      settings,
      liveStore,
      frameBus,
      control,
      metrics,
      logger,
      readiness,
      tracer,
    });
    const app = await NestFactory.createMicroservice(module, {
      ...natsControlServer({ url: settings.natsUrl, inboxPrefix }),
      logger: new NestLogger(logger),
    });
    this.#undo.add(() => app.close());
    if (tracer.isOn) app.useGlobalInterceptors(new TraceInterceptor(tracer));
    this.#undo.add(() => readiness.stopping());
    await app.listen();
    const packager = app.get(Packager);
    const work = { leave: () => packager.leave(), left: () => packager.streamIds.length };
    // There is no door, and no load balancer that would have to notice.
    this.#drain = new Drain({ readiness, metrics, logger, lagMs: 0 }, work);
    admin.offerDrain({ drain: this.#drain, fromAnywhere: settings.adminDrain });
    this.#undo.add(tellPodDeletionCost(settings, work.left, metrics, logger));
    started();
    logger.info({ instance: settings.instanceId }, 'packager waiting for streams');
  }

  /** Stops what was started: hands the streams over first. */
  async stop(): Promise<void> {
    await this.#drain?.begin('signal');
    await this.#undo.run();
  }
}
