// Signaling as a service of its own: opens NATS and Redis, and closes them last.
import { createNatsControlClient, createNatsRoomBus, natsControlServer, natsInboxPrefix } from '@millrace/control';
import { createRedisPresence } from '@millrace/live-store';
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
} from '@millrace/service-kit';
import { NestFactory } from '@nestjs/core';
import { RoomsServer } from './rooms-server.ts';
import { signalingMetrics } from './metrics/signaling-metrics.ts';
import { Rooms } from './rooms/rooms.ts';
import { SignalingModule } from './signaling.module.ts';
import { presenceLimitsOf, type SignalingSettings } from './signaling-settings.ts';
import { SignalingService } from './signaling.service.ts';

export class SignalingProcess {
  readonly #settings: SignalingSettings;
  readonly #logger: Logger;
  readonly #version: string;
  readonly #tracer: Tracer;
  readonly #undo = new UndoStack();
  #drain: Drain | undefined;

  constructor(settings: SignalingSettings, logger: Logger, version: string, tracer: Tracer) {
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
    const metrics = new Metrics({ service: 'signaling', version: this.#version });
    const readiness = new Readiness();
    const started = readiness.starting();
    const admin = new AdminServer({ host: settings.metricsHost, port: settings.metricsPort, metrics, readiness });
    this.#undo.add(() => admin.close());
    await admin.listen();
    const presence = await createRedisPresence({ ...presenceLimitsOf(settings), url: settings.redisUrl });
    this.#undo.add(() => presence.close());
    const { busFailures } = signalingMetrics(metrics);
    const reached = readiness.add('control', () => 'waiting for NATS');
    const roomBus = await createNatsRoomBus({
      url: settings.natsUrl,
      name: `signaling ${settings.instanceId}`,
      observer: { failed: () => busFailures.inc() },
    });
    this.#undo.add(() => roomBus.close());
    const access = { url: settings.natsUrl, inboxPrefix: natsInboxPrefix('signaling') };
    const control = createNatsControlClient(access);
    this.#undo.add(() => control.close() as unknown);
    const module = SignalingModule.register({
      settings,
      presence,
      roomBus,
      control,
      metrics,
      logger,
      readiness,
      tracer,
    });
    const app = await NestFactory.createMicroservice(module, {
      ...natsControlServer(access),
      logger: new NestLogger(logger),
    });
    this.#undo.add(() => app.close());
    if (tracer.isOn) app.useGlobalInterceptors(new TraceInterceptor(tracer));
    this.#undo.add(() => readiness.stopping());
    await app.listen();
    reached();
    const [service, rooms] = [app.get(SignalingService), app.get(Rooms)];
    const work = { leave: () => service.leave(), left: () => rooms.sockets };
    this.#drain = new Drain({ readiness, metrics, logger, lagMs: settings.drainReadinessLagMs }, work);
    admin.offerDrain({ drain: this.#drain, fromAnywhere: settings.adminDrain });
    this.#undo.add(tellPodDeletionCost(settings, work.left, metrics, logger));
    started();
    logger.info({ instance: settings.instanceId, port: app.get(RoomsServer).port }, 'signaling listening');
  }

  /** Stops what was started: sends clients elsewhere first. */
  async stop(): Promise<void> {
    await this.#drain?.begin('signal');
    await this.#undo.run();
  }
}
