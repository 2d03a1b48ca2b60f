import { Inject, Injectable, Module } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyAdapter } from '@nestjs/platform-fastify';
import { FRAME_BUS } from '@millrace/frame-bus';
import type { FrameBus } from '@millrace/frame-bus';
import { LIVE_STORE } from '@millrace/live-store';
import type { LiveStore } from '@millrace/live-store';
import { LiveStreams, PlaybackMeter, PlayoutMetrics, sessionReader } from '@millrace/playout';
import { SharedPlaces } from '@millrace/service-kit';
import type { Logger, Metrics } from '@millrace/service-kit';
import { PlaybackAdmission } from '../playback/playback-admission.ts';
import { PlaybackDirectory } from '../playback/playback-directory.ts';
import { PlaybackGate } from '../playback/playback-gate.ts';
import { ViewerQuotas } from '../playback/viewer-quotas.ts';
import { PlaybackModule } from '../playback/playback.module.ts';
import { GATEWAY_LOGGER, GATEWAY_SETTINGS, METRICS } from '../ports/tokens.ts';
import type { GatewaySettings } from '../settings.ts';
import { FLV_PROTOCOLS, FlvService } from './flv-service.ts';
import { HttpFlvRoutes } from './http-flv.routes.ts';

/** Assembles FLV playback and adds its routes to the server. */
@Injectable()
export class HttpFlv implements OnModuleInit, BeforeApplicationShutdown {
  readonly #service: FlvService;
  readonly #routes: HttpFlvRoutes;

  constructor(
    private readonly host: HttpAdapterHost<FastifyAdapter>,
    directory: PlaybackDirectory,
    admission: PlaybackAdmission,
    gate: PlaybackGate,
    quotas: ViewerQuotas,
    meter: PlaybackMeter,
    @Inject(LIVE_STORE) store: LiveStore,
    @Inject(FRAME_BUS) frames: Pick<FrameBus, 'subscribe'>,
    @Inject(GATEWAY_SETTINGS) settings: GatewaySettings,
    @Inject(METRICS) metrics: Metrics,
    @Inject(GATEWAY_LOGGER) logger: Logger,
  ) {
    const playout = new PlayoutMetrics(metrics, FLV_PROTOCOLS, () => streams.levels);
    const streams = new LiveStreams({
      frames,
      settings,
      logger,
      readSession: sessionReader(store),
      mergeMs: settings.flvMergeMs,
      onGap: () => playout.gap(),
    });
    const {
      hlsMaxWaiters: max,
      hlsMaxWaitersPerAddress: maxPerAddress,
      hlsMaxWaitersPerTenant: maxPerTenant,
    } = settings;
    const waiting = new SharedPlaces({ max, maxPerAddress, maxPerTenant });
    this.#service = new FlvService({
      directory,
      admission,
      quotas,
      streams,
      meter,
      metrics: playout,
      waiting,
      waitMs: settings.hlsWaitMs,
    });
    this.#routes = new HttpFlvRoutes(this.#service, gate, logger);
  }

  /** The number of connected viewers. */
  get viewerCount(): number {
    return this.#service.viewerCount;
  }

  onModuleInit(): void {
    this.#routes.register(this.host.httpAdapter.getInstance());
  }

  /** Ends the viewers: players reconnect, to a gateway that stays. */
  leave(): void {
    this.#service.leave();
  }

  /** The server waits for its connections next. */
  beforeApplicationShutdown(): void {
    this.#service.close();
  }
}

@Module({ imports: [PlaybackModule], providers: [HttpFlv] })
export class HttpFlvModule {}
