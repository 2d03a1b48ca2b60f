import { Inject, Injectable, Module } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyAdapter } from '@nestjs/platform-fastify';
import { UsageLedger } from '@millrace/control';
import { LIVE_STORE } from '@millrace/live-store';
import type { LiveStore } from '@millrace/live-store';
import { PlaybackMeter } from '@millrace/playout';
import { SharedPlaces } from '@millrace/service-kit';
import type { Logger, Metrics } from '@millrace/service-kit';
import { AuthModule } from '../auth/auth.module.ts';
import { PEPPER } from '../auth/pepper.ts';
import { ManifestCache } from '../dash/manifest-cache.ts';
import { DemandModule } from '../demand/demand.module.ts';
import { StreamDemand } from '../demand/stream-demand.ts';
import { LiveViewers } from '../playback/live-viewers.ts';
import { PlaybackDirectory } from '../playback/playback-directory.ts';
import { PlaybackGate } from '../playback/playback-gate.ts';
import { ViewerQuotas } from '../playback/viewer-quotas.ts';
import { PlaybackModule } from '../playback/playback.module.ts';
import { GATEWAY_LOGGER, GATEWAY_SETTINGS, METRICS } from '../ports/tokens.ts';
import type { GatewaySettings } from '../settings.ts';
import { UsageModule } from '../usage/usage.module.ts';
import { HlsMetrics } from './hls-metrics.ts';
import { HlsRoutes } from './hls.routes.ts';
import { HlsService } from './hls-service.ts';
import { PlaylistCache } from './playlist-cache.ts';
import { PlaylistWaiters } from './playlist-waiters.ts';
import { ResponseBytes } from './response-bytes.ts';
import { SegmentCache } from './segment-cache.ts';
import { SegmentKeys } from './segment-keys.ts';

/** Puts the parts of the HLS origin together and hangs them into the server. */
@Injectable()
class HlsOrigin implements OnModuleInit, BeforeApplicationShutdown, OnApplicationShutdown {
  readonly #playlists: PlaylistCache;
  readonly #waiters: PlaylistWaiters;
  readonly #held: PlaylistWaiters;
  readonly #routes: HlsRoutes;
  readonly #drainMs: number;
  #patience: NodeJS.Timeout | undefined;

  constructor(
    private readonly host: HttpAdapterHost<FastifyAdapter>,
    directory: PlaybackDirectory,
    gate: PlaybackGate,
    quotas: ViewerQuotas,
    demand: StreamDemand,
    viewers: LiveViewers,
    meter: PlaybackMeter,
    usage: UsageLedger,
    @Inject(LIVE_STORE) store: LiveStore,
    @Inject(GATEWAY_SETTINGS) settings: GatewaySettings,
    @Inject(METRICS) metrics: Metrics,
    @Inject(PEPPER) pepper: string,
    @Inject(GATEWAY_LOGGER) logger: Logger,
  ) {
    const keys = new SegmentKeys(pepper);
    const segments = new SegmentCache(store, keys, settings.segmentCacheBytes);
    this.#drainMs = settings.httpDrainMs;
    const hlsMetrics = new HlsMetrics(metrics, segments);
    const { hlsStaleMs: staleMs, hlsMaxStreams: maxStreams } = settings;
    this.#playlists = new PlaylistCache(store, { staleMs, maxStreams, logger });
    const { hlsMaxWaiters: max, hlsMaxWaitersPerAddress, hlsMaxWaitersPerTenant: maxPerTenant } = settings;
    const places = new SharedPlaces({ max, maxPerAddress: hlsMaxWaitersPerAddress, maxPerTenant });
    this.#waiters = new PlaylistWaiters(this.#playlists, settings.hlsWaitMs, places, hlsMetrics.waiters);
    const heldPlaces = new SharedPlaces({
      max: settings.hlsMaxHeld,
      maxPerAddress: settings.hlsMaxHeldPerAddress,
      maxPerTenant: settings.hlsMaxHeldPerTenant,
    });
    this.#held = new PlaylistWaiters(this.#playlists, settings.hlsWaitMs, heldPlaces, hlsMetrics.held);
    const service = new HlsService(
      directory,
      gate,
      quotas,
      demand,
      this.#playlists,
      this.#waiters,
      this.#held,
      segments,
      keys,
      new ManifestCache(store, maxStreams),
      hlsMetrics,
    );
    const egress = new ResponseBytes(usage);
    this.#routes = new HlsRoutes({ hls: service, gate, viewers, metrics: hlsMetrics, meter, egress, log: logger });
  }

  onModuleInit(): void {
    this.#routes.register(this.host.httpAdapter.getInstance());
  }

  /** The server waits for its requests in flight next: those that are held have as long as they may, then they are let go. */
  beforeApplicationShutdown(): void {
    if (this.#drainMs === 0) this.#stopWaiting();
    else this.#patience = setTimeout(() => this.#stopWaiting(), this.#drainMs);
  }

  onApplicationShutdown(): void {
    clearTimeout(this.#patience);
    this.#stopWaiting();
    this.#playlists.close();
  }

  #stopWaiting(): void {
    this.#waiters.stop();
    this.#held.stop();
  }
}

@Module({ imports: [AuthModule, DemandModule, PlaybackModule, UsageModule], providers: [HlsOrigin] })
export class HlsModule {}
