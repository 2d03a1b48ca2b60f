// A service as a process of its own: the one skeleton of all services. What a service opens, and the module that is made with it,
// are its own; the order of start and stop, health, metrics, drain and Kubernetes are the same everywhere.
import type { DynamicModule, INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { CustomStrategy, MicroserviceOptions } from '@nestjs/microservices';
import { AdminServer } from '../health/admin-server.ts';
import { Readiness } from '../health/readiness.ts';
import { tellPodDeletionCost } from '../kubernetes/tell-pod-deletion-cost.ts';
import type { PodSettings } from '../kubernetes/tell-pod-deletion-cost.ts';
import type { Logger } from '../logging/logger.ts';
import { NestLogger } from '../logging/nest-logger.ts';
import { Metrics } from '../metrics/metrics.ts';
import { TraceInterceptor } from '../tracing/trace-interceptor.ts';
import type { Tracer } from '../tracing/tracer.ts';
import { Drain } from './drain.ts';
import type { DrainWork } from './drain.ts';
import { UndoStack } from './undo-stack.ts';

/** What each service lets its operator set of its process. */
export interface ServiceSettings extends PodSettings {
  readonly logLevel: string;
  readonly logPretty: boolean;
  readonly instanceId: string;
  readonly metricsHost: string;
  readonly metricsPort: number;
  readonly adminDrain: boolean;
  /** How long a draining service still lets clients in; none where no load balancer has to notice. */
  readonly drainReadinessLagMs?: number;
}

/** What the process gives to its service. */
export interface ServiceContext<S> {
  readonly settings: S;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly readiness: Readiness;
  readonly tracer: Tracer;
}

/** What a service consists of. */
export interface ServiceParts<S, P extends object, Opened extends object> {
  /** Opens what the module is given: buses, stores. What is opened adds its end to `undo`: it is closed behind the application. */
  readonly ports: (context: ServiceContext<S>, undo: UndoStack) => Promise<P>;
  readonly module: (options: ServiceContext<S> & P) => DynamicModule;
  /** Makes the application of the module, and opens its doors. Its end is added to `undo` before they are. */
  readonly start: (
    module: DynamicModule,
    options: ServiceContext<S> & P,
    undo: UndoStack,
  ) => Promise<INestApplicationContext>;
  /** What a drain does. */
  readonly work: (app: INestApplicationContext) => DrainWork;
  /** Where the service listens. Says so in the log. */
  readonly opened: (app: INestApplicationContext, options: ServiceContext<S> & P) => Opened;
}

export interface ServiceProcessContext<S> {
  readonly service: string;
  readonly version: string;
  readonly settings: S;
  readonly logger: Logger;
  readonly tracer: Tracer;
}

export class ServiceProcess<S extends ServiceSettings, P extends object, Opened extends object> {
  readonly #parts: ServiceParts<S, P, Opened>;
  readonly #context: ServiceProcessContext<S>;
  readonly #undo = new UndoStack();
  #drain: Drain | undefined;

  constructor(parts: ServiceParts<S, P, Opened>, context: ServiceProcessContext<S>) {
    this.#parts = parts;
    this.#context = context;
  }

  /** @returns where the service listens, and the port of metrics and health */
  async start(): Promise<Opened & { readonly metrics: number }> {
    const { service, version, settings, logger, tracer } = this.#context;
    const metrics = new Metrics({ service, version });
    const readiness = new Readiness();
    const started = readiness.starting();
    const admin = new AdminServer({ host: settings.metricsHost, port: settings.metricsPort, metrics, readiness });
    this.#undo.add(() => admin.close());
    const metricsPort = await admin.listen();
    const { ports, module, start, work, opened } = this.#parts;
    const context = { settings, metrics, logger, readiness, tracer };
    const options = { ...context, ...(await ports(context, this.#undo)) };
    const app = await start(module(options), options, this.#undo);
    this.#undo.add(() => readiness.stopping());
    const duties = work(app);
    const lagMs = settings.drainReadinessLagMs ?? 0;
    this.#drain = new Drain({ readiness, metrics, logger, lagMs }, duties);
    admin.offerDrain({ drain: this.#drain, fromAnywhere: settings.adminDrain });
    this.#undo.add(tellPodDeletionCost(settings, () => duties.left(), metrics, logger));
    started();
    return { ...opened(app, options), metrics: metricsPort };
  }

  /** Drains, then stops everything that was started, in opposite order. Also after a start that failed half-way. */
  async stop(): Promise<void> {
    await this.#drain?.begin('signal');
    await this.#undo.run();
  }
}

/**
 * For a service that other services reach by control messages only: not ready before it hears them, and it hears them until it has
 * drained. A revocation counts for those who are still connected.
 *
 * @param transport over which they come
 */
export function startMicroservice<S>(
  transport: (settings: S) => CustomStrategy,
): (module: DynamicModule, context: ServiceContext<S>, undo: UndoStack) => Promise<INestApplicationContext> {
  return async (module, { settings, logger, readiness, tracer }, undo) => {
    const reached = readiness.add('control', () => 'waiting for NATS');
    const { strategy } = transport(settings);
    undo.add(closedLater(strategy));
    const app = await NestFactory.createMicroservice<MicroserviceOptions>(module, {
      strategy,
      logger: new NestLogger(logger),
      abortOnError: false,
    });
    undo.add(() => app.close());
    if (tracer.isOn) app.useGlobalInterceptors(new TraceInterceptor(tracer));
    await app.listen();
    reached();
    return app;
  };
}

/** Nest closes the transport of a microservice before it calls the hooks that drain it. @returns closes the transport */
function closedLater(strategy: CustomStrategy['strategy']): () => unknown {
  const close = strategy.close.bind(strategy);
  strategy.close = () => undefined;
  return close;
}
