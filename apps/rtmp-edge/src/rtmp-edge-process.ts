// An edge as a process of its own: its adapters are NATS and Redis.
import { NestFactory } from '@nestjs/core';
import type { INestMicroservice } from '@nestjs/common';
import type { MicroserviceOptions } from '@nestjs/microservices';
import { createNatsControlClient, natsControlServer, natsInboxPrefix } from '@millrace/control';
import { createNatsFrameBus, isFrameBusAway } from '@millrace/frame-bus';
import { frameBusMetrics } from '@millrace/ingest';
import { createRedisLiveStore } from '@millrace/live-store';
import {
  AdminServer,
  Drain,
  Metrics,
  NestLogger,
  Readiness,
  TraceInterceptor,
  tellPodDeletionCost,
  UndoStack,
  whenAvailable,
} from '@millrace/service-kit';
import type { Logger, Tracer, ValuesOf } from '@millrace/service-kit';
import type { rtmpEdgeProcessSettings } from './process-settings.ts';
import { RtmpEdge } from './rtmp-edge.ts';
import type { RtmpEdgePorts } from './rtmp-edge.ts';
import { RtmpEdgeModule } from './rtmp-edge.module.ts';

const INBOX_PREFIX = natsInboxPrefix('rtmp-edge');

type ProcessSettings = ValuesOf<typeof rtmpEdgeProcessSettings>;

export class RtmpEdgeProcess {
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
  async start(): Promise<RtmpEdgePorts & { readonly metrics: number }> {
    const { natsUrl, redisUrl, metricsHost: host, metricsPort: port, instanceId } = this.#settings;
    const metrics = new Metrics({ service: 'rtmp-edge', version: this.#version });
    const started = this.#readiness.starting();
    const admin = new AdminServer({ host, port, metrics, readiness: this.#readiness });
    this.#undo.add(() => admin.close());
    const metricsPort = await admin.listen();

    const observer = frameBusMetrics(metrics, this.#logger);
    const { natsShards: shards, natsFramesMaxBytes: maxBytesPerShard, natsReplicas: replicas } = this.#settings;
    const nats = { check: 'frame_bus', name: 'NATS', readiness: this.#readiness, logger: this.#logger };
    const frameBus = await whenAvailable(
      nats,
      () =>
        createNatsFrameBus({
          url: natsUrl,
          name: instanceId,
          inboxPrefix: INBOX_PREFIX,
          // Who makes streams says what they capture: a right to read everything, which edges have no use for.
          makesStreams: false,
          observer,
          shards,
          maxBytesPerShard,
          replicas,
          retainedBytes: this.#settings.retainedFramesBytes,
        }),
      isFrameBusAway,
    );
    this.#undo.add(() => frameBus.close());
    const liveStore = await createRedisLiveStore({ url: redisUrl });
    this.#undo.add(() => liveStore.close());
    this.#readiness.add('live_store', () => liveStore.isReady() || 'not connected');
    const control = createNatsControlClient({ url: natsUrl, inboxPrefix: INBOX_PREFIX });
    this.#undo.add(() => control.close() as unknown);

    const own = { logger: this.#logger, readiness: this.#readiness, tracer: this.#tracer };
    const app = await this.#createApp({ frameBus, liveStore, control, metrics, ...own });
    if (this.#tracer.isOn) app.useGlobalInterceptors(new TraceInterceptor(this.#tracer));
    this.#undo.add(() => app.close());
    await app.listen();
    const edge = app.get(RtmpEdge);
    const { drainReadinessLagMs: lagMs, adminDrain } = this.#settings;
    const work = { leave: () => edge.leave(), left: () => edge.publishers };
    this.#drain = new Drain({ readiness: this.#readiness, metrics, logger: this.#logger, lagMs }, work);
    admin.offerDrain({ drain: this.#drain, fromAnywhere: adminDrain });
    this.#undo.add(tellPodDeletionCost(this.#settings, work.left, metrics, this.#logger));
    started();
    return { ...edge.ports!, metrics: metricsPort };
  }

  /** Drains, then stops everything that was started, in opposite order. Also after a start that failed half-way. */
  async stop(): Promise<void> {
    await this.#drain?.begin('signal');
    await this.#undo.run();
  }

  #createApp(ports: Omit<Parameters<typeof RtmpEdgeModule.register>[0], 'settings'>): Promise<INestMicroservice> {
    const module = RtmpEdgeModule.register({ settings: this.#settings, ...ports });
    const events = natsControlServer({ url: this.#settings.natsUrl, inboxPrefix: INBOX_PREFIX });
    const options = { ...events, logger: new NestLogger(this.#logger) };
    return NestFactory.createMicroservice<MicroserviceOptions>(module, { ...options, abortOnError: false });
  }
}
