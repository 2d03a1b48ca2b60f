// The packager of one process: finds streams, holds their leases, and runs a worker for each.
import type { ControlPlane } from '@millrace/control';
import type { FrameBus } from '@millrace/frame-bus';
import type { Lease, LiveStore, LiveStream } from '@millrace/live-store';
import { ConfigError, NO_TRACER } from '@millrace/service-kit';
import type { Logger, Metrics, Tracer } from '@millrace/service-kit';
import { CONTAINERS } from './containers/containers.ts';
import type { Containers } from './containers/containers.ts';
import { packagerMetrics } from './metrics/packager-metrics.ts';
import type { PackagerMetrics } from './metrics/packager-metrics.ts';
import { LogWatch } from './metrics/log-metrics.ts';
import { StreamObserver } from './metrics/stream-observer.ts';
import { pause } from './packaging/back-off.ts';
import { systemClock } from './packaging/clock.ts';
import type { Clock } from './packaging/clock.ts';
import { LeaseKeeper } from './packaging/lease-keeper.ts';
import { StreamWorker } from './packaging/stream-worker.ts';
import { WorkFinder } from './packaging/work-finder.ts';
import type { PackagingSettings } from './packager-options.ts';
import { SegmentSpans } from './traces/segment-spans.ts';

const AGE_SAMPLE_MS = 1_000;
/** How often the bus is asked how full its log is. */
const LOG_LOOK_MS = 5_000;
/** A playlist is stale when it is older than so many target durations: players have nothing left to play. */
const STALE_TARGETS = 3;
/** Of the grace time of a stop, this much is left for giving back leases. */
const RELEASE_MS = 1_000;

/** A lease must live through one renewal that fails. */
function assertLeaseTimes({ leaseTtlMs, leaseRenewMs }: PackagingSettings): void {
  if (leaseRenewMs * 2 < leaseTtlMs) return;
  const fault = `must be below half of MILLRACE_LEASE_TTL_MS, which is ${leaseTtlMs}`;
  throw new ConfigError([{ variable: 'MILLRACE_LEASE_RENEW_MS', fault }]);
}

export interface PackagerDependencies {
  readonly settings: PackagingSettings;
  readonly liveStore: LiveStore;
  readonly frameBus: FrameBus;
  readonly control: Pick<ControlPlane, 'sessionActive' | 'sessionEnded'>;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly clock?: Clock;
  /** Those of this release when not given. */
  readonly containers?: Containers;
  /** None when not given. */
  readonly tracer?: Tracer;
}

export class Packager {
  readonly #options: PackagerDependencies;
  readonly #clock: Clock;
  readonly #metrics: PackagerMetrics;
  readonly #leases: LeaseKeeper;
  readonly #finder: WorkFinder;
  readonly #workers = new Map<string, StreamWorker>();
  readonly #ends = new Set<Promise<void>>();
  readonly #stopped = new AbortController();
  #isLeaving = false;
  readonly #log: LogWatch;
  #ageSampler: NodeJS.Timeout | undefined;
  #removeCollector: () => void = () => undefined;

  /** @throws ConfigError when settings do not go together */
  constructor(options: PackagerDependencies) {
    const { settings, liveStore, metrics } = options;
    assertLeaseTimes(settings);
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#metrics = packagerMetrics(metrics);
    this.#log = new LogWatch(options.frameBus, metrics, options.logger);
    this.#leases = new LeaseKeeper({
      liveStore,
      clock: this.#clock,
      ttlMs: settings.leaseTtlMs,
      renewMs: settings.leaseRenewMs,
      onFailure: (error) => this.#failed('renew', error),
    });
    this.#finder = new WorkFinder({
      liveStore,
      pollMs: settings.workPollMs,
      spreadMs: settings.workSpreadMs,
      maxStreams: settings.packagerMaxStreams,
      streams: () => this.#workers.size,
      onListed: (live) => this.#listed(live),
      onRound: (streamIds) => this.#roundDone(streamIds),
      take: (live) => this.#take(live),
      onFailure: (error) => this.#failed('list', error),
    });
  }

  /** The streams that this process packages now. */
  get streamIds(): string[] {
    return [...this.#workers.keys()];
  }

  /** Takes no stream any more and hands over those it has, in its own time. Idempotent. */
  leave(): void {
    this.#isLeaving = true;
    this.#finder.stop();
    for (const worker of this.#workers.values()) void worker.handOver();
  }

  start(): void {
    this.#removeCollector = this.#options.metrics.beforeCollect(() => this.#collect());
    this.#ageSampler = setInterval(() => this.#sampleAges(), AGE_SAMPLE_MS);
    this.#log.start(LOG_LOOK_MS);
    this.#leases.start();
    this.#finder.start();
  }

  /** Looks for work now. */
  wake(): void {
    this.#finder.wake();
  }

  /**
   * Takes no stream any more and hands over those it has: finished segments are committed, open ones are left in the log, and
   * leases are given back. What cannot be committed within `graceMs` is left in the log as well.
   */
  async stop(graceMs: number): Promise<void> {
    this.leave();
    clearInterval(this.#ageSampler);
    this.#log.stop();
    const workers = [...this.#workers.values()];
    const handedOver = Promise.all(workers.map((worker) => worker.handOver()));
    const waiting = new AbortController();
    await Promise.race([handedOver, pause(Math.max(0, graceMs - RELEASE_MS), waiting.signal)]);
    waiting.abort();
    for (const worker of workers) worker.close();
    await Promise.race([Promise.all(this.#ends), pause(RELEASE_MS, this.#stopped.signal)]);
    this.#stopped.abort();
    this.#leases.stop();
    this.#removeCollector();
  }

  #listed(live: LiveStream): boolean {
    const worker = this.#workers.get(live.claim.streamId);
    worker?.observe(live);
    return worker !== undefined;
  }

  #roundDone(streamIds: ReadonlySet<string>): void {
    for (const [streamId, worker] of this.#workers) if (!streamIds.has(streamId)) worker.observe(undefined);
  }

  async #take(live: LiveStream): Promise<void> {
    const { streamId } = live.claim;
    const { liveStore, settings } = this.#options;
    const askedMs = this.#clock.monotonicMs();
    let lease: Lease | undefined;
    try {
      lease = await liveStore.acquireLease(streamId, settings.instanceId, settings.leaseTtlMs);
    } catch (error) {
      this.#failed('acquire', error);
      return;
    }
    if (lease === undefined) return;
    if (this.#isLeaving || this.#workers.has(streamId)) return this.#release(lease);
    this.#work(lease, live, askedMs);
  }

  #work(lease: Lease, live: LiveStream, askedMs: number): void {
    const { claim } = live;
    const { settings, logger, tracer = NO_TRACER } = this.#options;
    const ids = { tenant_id: claim.tenantId, stream_id: claim.streamId };
    const monotonicMs = () => this.#clock.monotonicMs();
    const wallMs = () => this.#clock.wallMs();
    const streamLogger = logger.child(ids);
    const spans = new SegmentSpans({ tracer, instanceId: settings.instanceId, monotonicMs, wallMs });
    const worker = new StreamWorker({
      ...this.#options,
      clock: this.#clock,
      containers: this.#options.containers ?? CONTAINERS,
      lease,
      claim,
      limits: {
        maxSegmentMs: settings.segmentMaxMs,
        maxSegmentBytes: settings.segmentMaxBytes,
        maxPendingBytes: settings.packagerMaxPendingBytes,
        maxRebuildBytes: settings.packagerMaxRebuildBytes,
      },
      observer: new StreamObserver(
        ...([this.#metrics, streamLogger, claim.settings.segmentTargetMs, monotonicMs, spans] as const),
      ),
    });
    this.#workers.set(lease.streamId, worker);
    this.#leases.add(lease, askedMs, () => worker.lost());
    const ended = this.#ended(lease, worker, streamLogger).finally(() => this.#ends.delete(ended));
    this.#ends.add(ended);
  }

  async #ended(lease: Lease, worker: StreamWorker, logger: Logger): Promise<void> {
    const end = await worker.end;
    logger[end === 'lost' ? 'warn' : 'info']({ end }, end === 'lost' ? 'lease lost' : 'packaging ended');
    if (end === 'lost') this.#metrics.leasesLost.inc();
    this.#leases.remove(lease);
    if (this.#workers.get(lease.streamId) === worker) this.#workers.delete(lease.streamId);
    if (end !== 'lost') await this.#release(lease);
  }

  /** Gives a lease back, so that no packager has to wait for its end. */
  async #release(lease: Lease): Promise<void> {
    try {
      await this.#options.liveStore.releaseLease(lease);
    } catch (error) {
      this.#failed('release', error);
    }
  }

  #failed(op: string, error: unknown): void {
    this.#metrics.failures.inc({ op });
    this.#options.logger.debug({ err: error, op }, 'a call to the live store failed');
  }

  #collect(): void {
    let frames = 0;
    let bytes = 0;
    for (const worker of this.#workers.values()) {
      frames += worker.pendingFrames;
      bytes += worker.pendingBytes;
    }
    this.#metrics.streams.set(this.#workers.size);
    this.#metrics.pendingFrames.set(frames);
    this.#metrics.pendingBytes.set(bytes);
    this.#metrics.marksDurable.set(this.#options.frameBus.marksFault() === undefined ? 1 : 0);
    this.#metrics.full.set(this.#finder.isFull ? 1 : 0);
  }

  #sampleAges(): void {
    for (const { playlistAgeMs, targetDurationMs } of this.#workers.values()) {
      if (playlistAgeMs === undefined) continue;
      this.#metrics.playlistAge.observe(playlistAgeMs / 1_000);
      const state = playlistAgeMs < STALE_TARGETS * targetDurationMs ? 'fresh' : 'stale';
      this.#metrics.playlistSeconds.inc({ state }, AGE_SAMPLE_MS / 1_000);
    }
  }
}
