// The streams that this process packages: a worker for each, under a lease.
import { Inject, Injectable } from '@nestjs/common';
import type { BeforeApplicationShutdown } from '@nestjs/common';
import { CONTROL_PLANE } from '@millrace/control';
import type { ControlPlane } from '@millrace/control';
import { FRAME_BUS } from '@millrace/frame-bus';
import type { FrameBus } from '@millrace/frame-bus';
import { LIVE_STORE } from '@millrace/live-store';
import type { Lease, LiveStore, LiveStream } from '@millrace/live-store';
import { LOGGER, TRACER } from '@millrace/service-kit';
import type { Logger, Tracer } from '@millrace/service-kit';
import { Containers } from './containers/containers.ts';
import { PackagedTime } from './metrics/packaged-time.ts';
import type { PackagerMetrics } from './metrics/packager-metrics.ts';
import { StreamObserver } from './metrics/stream-observer.ts';
import { PACKAGER_CLOCK, PACKAGER_METRICS, PACKAGER_SETTINGS } from './packager-options.ts';
import { pause } from './packaging/back-off.ts';
import type { Clock } from './packaging/clock.ts';
import { LeaseKeeper } from './packaging/lease-keeper.ts';
import { StreamWorker } from './packaging/stream-worker.ts';
import type { PackagingSettings } from './settings.ts';
import { StoreFailures } from './metrics/store-failures.ts';
import { SegmentSpans } from './traces/segment-spans.ts';

/** Of the process's grace time, this much is left for closing connections. */
const CLOSE_MS = 1_000;
/** Of the grace time of a stop, this much is left for releasing leases. */
const RELEASE_MS = 1_000;

@Injectable()
export class StreamWorkers implements BeforeApplicationShutdown {
  readonly #workers = new Map<string, StreamWorker>();
  readonly #ends = new Set<Promise<void>>();
  readonly #followers = new Set<() => void>();
  #isLeaving = false;

  constructor(
    private readonly leases: LeaseKeeper,
    private readonly containers: Containers,
    private readonly failures: StoreFailures,
    private readonly packaged: PackagedTime,
    @Inject(PACKAGER_SETTINGS) private readonly settings: PackagingSettings,
    @Inject(PACKAGER_METRICS) private readonly metrics: PackagerMetrics,
    @Inject(PACKAGER_CLOCK) private readonly clock: Clock,
    @Inject(LIVE_STORE) private readonly liveStore: LiveStore,
    @Inject(FRAME_BUS) private readonly frameBus: FrameBus,
    @Inject(CONTROL_PLANE) private readonly control: ControlPlane,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(TRACER) private readonly tracer: Tracer,
  ) {}

  get size(): number {
    return this.#workers.size;
  }

  /** Calls back whenever a stream is packaged here from now on. */
  whenAdded(follow: () => void): void {
    this.#followers.add(follow);
  }

  get streamIds(): string[] {
    return [...this.#workers.keys()];
  }

  all(): Iterable<StreamWorker> {
    return this.#workers.values();
  }

  /** Whether frames of all streams have come since this was asked last. */
  areFlowing(): boolean {
    // Each of them is asked: it counts from then on.
    return [...this.#workers.values()].filter((worker) => !worker.isFlowing()).length === 0;
  }

  /** Passes on what the store says of a stream. @returns whether it is packaged here */
  listed(live: LiveStream): boolean {
    const worker = this.#workers.get(live.claim.streamId);
    worker?.observe(live);
    return worker !== undefined;
  }

  /** The store has listed these streams and no others. */
  roundDone(streamIds: ReadonlySet<string>): void {
    for (const [streamId, worker] of this.#workers) if (!streamIds.has(streamId)) worker.observe(undefined);
  }

  /** Packages a stream if its lease can be had. Never fails. */
  async take(live: LiveStream): Promise<void> {
    const { streamId } = live.claim;
    const { instanceId, leaseTtlMs } = this.settings;
    const askedMs = this.clock.monotonicMs();
    let lease: Lease | undefined;
    try {
      lease = await this.liveStore.acquireLease(streamId, instanceId, leaseTtlMs);
    } catch (error) {
      this.failures.failed('acquire', error);
      return;
    }
    if (lease === undefined) return;
    if (this.#isLeaving || this.#workers.has(streamId)) return this.#release(lease);
    this.#work(lease, live, askedMs);
  }

  /** Takes no stream any more and hands over those it has, in its own time. Idempotent. */
  leave(): void {
    this.#isLeaving = true;
    for (const worker of this.#workers.values()) void worker.handOver();
  }

  /**
   * Hands over: finished segments are committed, open ones are left in the log, and leases are released. What cannot be committed
   * within the grace time is left in the log as well.
   */
  async beforeApplicationShutdown(): Promise<void> {
    this.leave();
    const workers = [...this.#workers.values()];
    await within(
      this.settings.stopGraceMs - CLOSE_MS - RELEASE_MS,
      workers.map((worker) => worker.handOver()),
    );
    for (const worker of workers) worker.close();
    await within(RELEASE_MS, [...this.#ends]);
  }

  #work(lease: Lease, live: LiveStream, askedMs: number): void {
    const { claim } = live;
    const { settings, clock, liveStore, frameBus, control, containers, tracer, metrics, packaged } = this;
    const monotonicMs = () => clock.monotonicMs();
    const wallMs = () => clock.wallMs();
    const logger = this.logger.child({ tenant_id: claim.tenantId, stream_id: claim.streamId });
    const spans = new SegmentSpans({ tracer, instanceId: settings.instanceId, monotonicMs, wallMs });
    const {
      streamId,
      settings: { segmentTargetMs },
    } = claim;
    const worker = new StreamWorker({
      liveStore,
      frameBus,
      control,
      containers,
      clock,
      lease,
      claim,
      limits: {
        maxSegmentMs: settings.segmentMaxMs,
        maxSegmentBytes: settings.segmentMaxBytes,
        maxPendingBytes: settings.packagerMaxPendingBytes,
        maxRebuildBytes: settings.packagerMaxRebuildBytes,
      },
      observer: new StreamObserver({ streamId, metrics, logger, segmentTargetMs, monotonicMs, spans, packaged }),
    });
    this.#workers.set(lease.streamId, worker);
    for (const follow of this.#followers) follow();
    this.leases.add(lease, askedMs, () => worker.lost());
    const ended = this.#ended(lease, worker, logger).finally(() => this.#ends.delete(ended));
    this.#ends.add(ended);
  }

  async #ended(lease: Lease, worker: StreamWorker, logger: Logger): Promise<void> {
    const end = await worker.end;
    logger[end === 'lost' ? 'warn' : 'info']({ end }, end === 'lost' ? 'lease lost' : 'packaging ended');
    if (end === 'lost') this.metrics.leasesLost.inc();
    this.leases.remove(lease);
    if (this.#workers.get(lease.streamId) === worker) this.#workers.delete(lease.streamId);
    if (end !== 'lost') await this.#release(lease);
  }

  /** Releases a lease, so that no packager has to wait for it to expire. */
  async #release(lease: Lease): Promise<void> {
    try {
      await this.liveStore.releaseLease(lease);
    } catch (error) {
      this.failures.failed('release', error);
    }
  }
}

/** Waits for all of them, but not longer than that. */
async function within(ms: number, work: readonly Promise<void>[]): Promise<void> {
  const waiting = new AbortController();
  await Promise.race([Promise.all(work), pause(Math.max(0, ms), waiting.signal)]);
  waiting.abort();
}
