// Signaling as a service of its own: opens NATS and Redis, and closes them last.
import { createNatsControlClient, createNatsRoomBus, natsControlServer } from '@millrace/control';
import { createRedisPresence } from '@millrace/live-store';
import { AdminServer, type Logger, Metrics, NestLogger, Readiness } from '@millrace/service-kit';
import { NestFactory } from '@nestjs/core';
import { RoomsServer } from './door/rooms-server.ts';
import { signalingMetrics } from './metrics/signaling-metrics.ts';
import { SignalingModule } from './signaling.module.ts';
import { presenceLimitsOf, type SignalingSettings } from './signaling-settings.ts';

export class SignalingProcess {
  readonly #settings: SignalingSettings;
  readonly #logger: Logger;
  readonly #version: string;
  /** What undoes each step that was done, the newest first. */
  readonly #undo: (() => Promise<void> | void)[] = [];

  constructor(settings: SignalingSettings, logger: Logger, version: string) {
    this.#settings = settings;
    this.#logger = logger;
    this.#version = version;
  }

  /** Waits for NATS as long as it takes; Redis may come later. */
  async start(): Promise<void> {
    const settings = this.#settings;
    const logger = this.#logger;
    const metrics = new Metrics({ service: 'signaling', version: this.#version });
    const readiness = new Readiness();
    const admin = new AdminServer({ host: settings.metricsHost, port: settings.metricsPort, metrics, readiness });
    this.#undo.unshift(() => admin.close());
    await admin.listen();
    const presence = await createRedisPresence({ ...presenceLimitsOf(settings), url: settings.redisUrl });
    this.#undo.unshift(() => presence.close());
    const { busFailures } = signalingMetrics(metrics);
    const roomBus = await createNatsRoomBus({
      url: settings.natsUrl,
      name: `signaling ${settings.instanceId}`,
      observer: { failed: () => busFailures.inc() },
    });
    this.#undo.unshift(() => roomBus.close());
    const control = createNatsControlClient(settings.natsUrl);
    this.#undo.unshift(async () => void (await control.close()));
    const module = SignalingModule.register({ settings, presence, roomBus, control, metrics, logger, readiness });
    const app = await NestFactory.createMicroservice(module, {
      ...natsControlServer(settings.natsUrl),
      logger: new NestLogger(logger),
    });
    this.#undo.unshift(() => app.close());
    this.#undo.unshift(() => readiness.stopping());
    await app.listen();
    logger.info({ instance: settings.instanceId, port: app.get(RoomsServer).port }, 'signaling listens');
  }

  /** Stops what was started: sends clients elsewhere first. */
  async stop(): Promise<void> {
    for (let undo = this.#undo.shift(); undo !== undefined; undo = this.#undo.shift()) await undo();
  }
}
