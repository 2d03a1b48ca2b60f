// What is measured of all streams together: at each scrape, and the age of playlists every second.
import { onSharedBeatWhile } from '@millrace/domain';
import type { Beat } from '@millrace/domain';
import { Inject, Injectable } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import { FRAME_BUS } from '@millrace/frame-bus';
import type { FrameBus } from '@millrace/frame-bus';
import { METRICS } from '@millrace/service-kit';
import type { Metrics } from '@millrace/service-kit';
import type { PackagerMetrics } from './metrics/packager-metrics.ts';
import { PACKAGER_METRICS } from './packager-options.ts';
import { WorkFinder } from './packaging/work-finder.ts';
import { StreamWorkers } from './stream-workers.ts';

const AGE_SAMPLE_MS = 1_000;
/** A playlist is stale when it is older than so many target durations: players have nothing left to play. */
const STALE_TARGETS = 3;

@Injectable()
export class PackagingSampler implements OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown {
  #ages: Beat | undefined;
  #stopCollecting: (() => void) | undefined;

  constructor(
    private readonly workers: StreamWorkers,
    private readonly finder: WorkFinder,
    @Inject(PACKAGER_METRICS) private readonly metrics: PackagerMetrics,
    @Inject(METRICS) private readonly registry: Metrics,
    @Inject(FRAME_BUS) private readonly frameBus: FrameBus,
  ) {}

  onApplicationBootstrap(): void {
    this.#stopCollecting = this.registry.beforeCollect(() => this.#collect());
    const ages = onSharedBeatWhile(
      AGE_SAMPLE_MS,
      () => this.workers.size > 0,
      () => this.#sampleAges(),
    );
    this.#ages = ages;
    this.workers.whenAdded(() => ages.wake());
  }

  /** Playlists that are handed over are another packager's to keep young. */
  beforeApplicationShutdown(): void {
    this.#ages?.stop();
  }

  onApplicationShutdown(): void {
    this.#stopCollecting?.();
  }

  #collect(): void {
    let frames = 0;
    let bytes = 0;
    for (const worker of this.workers.all()) {
      frames += worker.pendingFrames;
      bytes += worker.pendingBytes;
    }
    const { metrics } = this;
    metrics.streams.set(this.workers.size);
    metrics.pendingFrames.set(frames);
    metrics.pendingBytes.set(bytes);
    metrics.marksDurable.set(this.frameBus.marksFault() === undefined ? 1 : 0);
    metrics.full.set(this.finder.isFull ? 1 : 0);
  }

  #sampleAges(): void {
    for (const { playlistAgeMs, targetDurationMs } of this.workers.all()) {
      if (playlistAgeMs === undefined) continue;
      this.metrics.playlistAge.observe(playlistAgeMs / 1_000);
      const state = playlistAgeMs < STALE_TARGETS * targetDurationMs ? 'fresh' : 'stale';
      this.metrics.playlistSeconds.inc({ state }, AGE_SAMPLE_MS / 1_000);
    }
  }
}
