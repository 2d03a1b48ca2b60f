// A TURN server as a process of its own: its control plane is NATS.
import { NestFactory } from '@nestjs/core';
import type { MicroserviceOptions } from '@nestjs/microservices';
import { createNatsControlClient, natsControlServer, natsInboxPrefix } from '@millrace/control';
import {
  AdminServer,
  Drain,
  Metrics,
  NestLogger,
  Readiness,
  TraceInterceptor,
  tellPodDeletionCost,
  UndoStack,
} from '@millrace/service-kit';
import type { Logger, Tracer, ValuesOf } from '@millrace/service-kit';
import type { turnProcessSettings } from './process-settings.ts';
import { TurnModule } from './turn.module.ts';
import { TurnService } from './turn-service.ts';
import type { OpenedPorts } from './worker/worker-messages.ts';

type ProcessSettings = ValuesOf<typeof turnProcessSettings>;

export class TurnProcess {
  readonly #settings: ProcessSettings;
  readonly #logger: Logger;
  readonly #version: string;
  readonly #tracer: Tracer;
  readonly #readiness = new Readiness();
  readonly #undo = new UndoStack();
  #drain: Drain | undefined;

  constructor(settings: ProcessSettings, logger: Logger, version: string, tracer: Tracer) {
    this.#settings = settings;
    this.#logger = logger;
    this.#version = version;
    this.#tracer = tracer;
  }

  /** @returns the ports that were opened, that of metrics and health among them */
  async start(): Promise<OpenedPorts & { readonly metrics: number }> {
    const { natsUrl, metricsHost: host, metricsPort: port } = this.#settings;
    const metrics = new Metrics({ service: 'turn', version: this.#version });
    const started = this.#readiness.starting();
    const admin = new AdminServer({ host, port, metrics, readiness: this.#readiness });
    this.#undo.add(() => admin.close());
    const metricsPort = await admin.listen();
    const access = { url: natsUrl, inboxPrefix: natsInboxPrefix('turn') };
    const control = createNatsControlClient(access);
    this.#undo.add(() => control.close() as unknown);

    const settings = this.#settings;
    const module = TurnModule.register({
      settings,
      control,
      metrics,
      logger: this.#logger,
      readiness: this.#readiness,
      tracer: this.#tracer,
    });
    const options = { ...natsControlServer(access), logger: new NestLogger(this.#logger), abortOnError: false };
    const app = await NestFactory.createMicroservice<MicroserviceOptions>(module, options);
    this.#undo.add(() => app.close());
    if (this.#tracer.isOn) app.useGlobalInterceptors(new TraceInterceptor(this.#tracer));
    const reached = this.#readiness.add('control', () => 'waiting for NATS');
    await app.listen();
    reached();
    const service = app.get(TurnService);
    const { drainReadinessLagMs: lagMs, adminDrain } = settings;
    const work = { leave: () => service.leave(), left: () => service.allocations };
    this.#drain = new Drain({ readiness: this.#readiness, metrics, logger: this.#logger, lagMs }, work);
    admin.offerDrain({ drain: this.#drain, fromAnywhere: adminDrain });
    this.#undo.add(tellPodDeletionCost(settings, work.left, metrics, this.#logger));
    started();
    return { ...service.ports!, metrics: metricsPort };
  }

  /** Drains, then stops everything that was started, in opposite order. Also after a start that failed half-way. */
  async stop(): Promise<void> {
    await this.#drain?.begin('signal');
    await this.#undo.run();
  }
}
