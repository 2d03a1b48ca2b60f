// Begins and ends publishes: the frame bus, the claim, the events, the metrics.
import { Inject, Injectable } from '@nestjs/common';
import type { PackagerFeature, PublishClaim, SessionWarning } from '@millrace/domain';
import { CONTROL_PLANE } from '@millrace/control';
import type { ControlPlane, SessionHealthChange } from '@millrace/control';
import { FRAME_BUS } from '@millrace/frame-bus';
import type { FrameBus } from '@millrace/frame-bus';
import { LIVE_STORE } from '@millrace/live-store';
import type { LiveStore } from '@millrace/live-store';
import { LOGGER } from '@millrace/service-kit';
import type { Logger } from '@millrace/service-kit';
import { INGEST_CLOCK, INGEST_METRICS, INGEST_SETTINGS } from '../ingest-options.ts';
import type { IngestSettings } from '../ingest-options.ts';
import type { IngestMetrics } from '../metrics/ingest-metrics.ts';
import { IngestSampler } from '../metrics/ingest-sampler.ts';
import { ActivePublishers } from './active-publishers.ts';
import type { ActivePublisher } from './active-publishers.ts';
import { claimIds } from './claim-ids.ts';
import type { EncoderPeer } from './encoder-peer.ts';
import { LivePublisher } from './live-publisher.ts';
import { PublishSpans } from './publish-spans.ts';

/** How long the last frames of a publish may take to reach the bus. */
const FINISH_MS = 5_000;

@Injectable()
export class PublishLifecycle {
  /** Releases of claims, and publishes whose last frames are still on their way to the bus. */
  readonly #finishing = new Set<Promise<unknown>>();

  constructor(
    readonly active: ActivePublishers,
    private readonly sampler: IngestSampler,
    private readonly spans: PublishSpans,
    @Inject(FRAME_BUS) private readonly frameBus: FrameBus,
    @Inject(LIVE_STORE) private readonly liveStore: LiveStore,
    @Inject(CONTROL_PLANE) private readonly control: ControlPlane,
    @Inject(INGEST_METRICS) private readonly metrics: IngestMetrics,
    @Inject(INGEST_SETTINGS) private readonly settings: IngestSettings,
    @Inject(INGEST_CLOCK) private readonly clock: () => number,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Why frames published now might be lost; undefined when they are safe. */
  get fault(): string | undefined {
    return this.frameBus.logFault();
  }

  /**
   * Opens a publisher on the bus for a granted claim.
   *
   * @param features what all live packagers can read
   * @throws when the bus is closed
   */
  open(claim: PublishClaim, features: ReadonlySet<PackagerFeature>): LivePublisher {
    const bus = this.frameBus.openPublisher(claim.streamId, claim.epoch, claim.tenantId);
    return new LivePublisher(claim, bus, { clock: this.clock, trackWaitMs: this.settings.trackWaitMs, features });
  }

  /** Registers the publisher. An older one of the same stream on this edge is disconnected. */
  begin(active: ActivePublisher, peer: EncoderPeer): void {
    const { streamId, epoch } = active.publisher.claim;
    this.active.add(active);
    this.sampler.add(active.publisher, peer.protocol);
    this.metrics.publishers.inc({ protocol: peer.protocol });
    this.active.cut({ streamId, streamKeyId: undefined, beforeEpoch: epoch, reason: 'taken_over' });
  }

  /**
   * Ends a publish: releases the claim immediately, so that the encoder can return immediately, and sends the last frames.
   *
   * @param reason one of a bounded set, for metrics and the control plane
   * @param unpublished whether the encoder announced the end
   */
  finish(active: ActivePublisher, peer: EncoderPeer, reason: string, unpublished: boolean): void {
    if (!this.active.remove(active)) return;
    const { publisher } = active;
    const { claim, counts } = publisher;
    const { control, metrics, sampler, spans } = this;
    sampler.remove(publisher);
    metrics.publishers.dec({ protocol: peer.protocol });
    metrics.sessionSeconds.observe(Math.max(0, (Date.now() - claim.epochStartedAtMs) / 1_000));
    spans.ended(claim, reason, counts);
    this.release(claim);
    this.#follow(publisher.finish(unpublished, FINISH_MS), 'the last frames did not reach the bus', claim);
    control.publishEnded({
      claim,
      reason,
      bytes: counts.videoBytes + counts.audioBytes + counts.dataBytes,
      videoFrames: counts.videoFrames,
      audioFrames: counts.audioFrames,
    });
  }

  /** Tells gateways of something that is wrong with what is published, or no longer is. */
  warned({ tenantId, streamId, sessionId }: PublishClaim, warning: SessionWarning, change: SessionHealthChange): void {
    this.control.sessionWarned({ tenantId, streamId, sessionId, warning, change });
  }

  /** Releases a claim. */
  release(claim: PublishClaim): void {
    this.spans.ended(claim, 'not_begun');
    const released = this.liveStore.releaseClaim(claim).catch((error: unknown) => {
      this.metrics.releaseFailures.inc();
      throw error;
    });
    this.#follow(released, 'could not release the claim; it expires on its own', claim);
  }

  /** Resolves when the last frames of all ended publishes are on the bus, or their time is over. */
  async settled(): Promise<void> {
    while (this.#finishing.size > 0) await Promise.all(this.#finishing);
  }

  #follow(work: Promise<unknown>, failure: string, claim: PublishClaim): void {
    const followed: Promise<unknown> = work
      .catch((error: unknown) => {
        this.logger.warn({ err: error, ...claimIds(claim) }, failure);
      })
      .finally(() => this.#finishing.delete(followed));
    this.#finishing.add(followed);
  }
}
