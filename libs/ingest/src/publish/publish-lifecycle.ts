// Begins and ends publishes: the frame bus, the claim, the events, the metrics.
import type { PublishClaim, SessionWarning } from '@millrace/domain';
import type { ControlPlane } from '@millrace/control';
import type { FrameBus } from '@millrace/frame-bus';
import type { LiveStore } from '@millrace/live-store';
import type { Logger } from '@millrace/service-kit';
import type { IngestMetrics } from '../metrics/ingest-metrics.ts';
import type { IngestSampler } from '../metrics/ingest-sampler.ts';
import { ActivePublishers } from './active-publishers.ts';
import type { ActivePublisher } from './active-publishers.ts';
import { claimIds } from './claim-ids.ts';
import type { EncoderPeer } from './encoder-peer.ts';
import { LivePublisher } from './live-publisher.ts';
import type { LivePublisherOptions } from './live-publisher.ts';
import type { PublishSpans } from './publish-spans.ts';

/** How long the frames of an ended publish may take to reach the bus. */
const FINISH_MS = 5_000;

export interface PublishLifecycleOptions extends LivePublisherOptions {
  readonly frameBus: FrameBus;
  readonly liveStore: LiveStore;
  readonly control: ControlPlane;
  readonly metrics: IngestMetrics;
  readonly sampler: IngestSampler;
  readonly spans: PublishSpans;
  readonly logger: Logger;
}

export class PublishLifecycle {
  readonly active = new ActivePublishers();
  readonly #options: PublishLifecycleOptions;
  /** Publishes that have ended and are not on the bus as a whole yet. */
  readonly #finishing = new Set<Promise<unknown>>();

  constructor(options: PublishLifecycleOptions) {
    this.#options = options;
  }

  /** Why nothing that is published now would be kept for sure; undefined when it would. */
  get fault(): string | undefined {
    return this.#options.frameBus.logFault();
  }

  /** Opens the way to the bus for a granted claim. @throws when the bus is closed */
  open(claim: PublishClaim): LivePublisher {
    const bus = this.#options.frameBus.openPublisher(claim.streamId, claim.epoch, claim.tenantId);
    return new LivePublisher(claim, bus, this.#options);
  }

  /** From now on the publisher counts; an older one of the same stream on this edge is cut. */
  begin(active: ActivePublisher, peer: EncoderPeer): void {
    const { streamId, epoch } = active.publisher.claim;
    this.active.add(active);
    this.#options.sampler.add(active.publisher, peer.protocol);
    this.#options.metrics.publishers.inc({ protocol: peer.protocol });
    this.active.cut({ streamId, streamKeyId: undefined, beforeEpoch: epoch, reason: 'taken_over' });
  }

  /**
   * Ends a publish: the claim is given back at once, so that the encoder may return at once, and the last frames go out.
   *
   * @param reason a bounded set: what the metrics count and the control plane is told
   * @param unpublished whether the encoder said that it is done
   */
  finish(active: ActivePublisher, peer: EncoderPeer, reason: string, unpublished: boolean): void {
    if (!this.active.remove(active)) return;
    const { publisher } = active;
    const { claim, counts } = publisher;
    const { control, metrics, sampler, spans } = this.#options;
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
      warnings: active.warnings,
    });
  }

  /** Tells gateways of something that is wrong with what is published. */
  warned({ tenantId, streamId, sessionId }: PublishClaim, warning: SessionWarning): void {
    this.#options.control.sessionWarned({ tenantId, streamId, sessionId, warning });
  }

  /** Gives a claim back. */
  release(claim: PublishClaim): void {
    this.#options.spans.ended(claim, 'not_begun');
    const released = this.#options.liveStore.releaseClaim(claim).catch((error: unknown) => {
      this.#options.metrics.releaseFailures.inc();
      throw error;
    });
    this.#follow(released, 'could not release the claim; it expires on its own', claim);
  }

  /** Resolves when everything that has ended is on the bus, or has given up. */
  async settled(): Promise<void> {
    while (this.#finishing.size > 0) await Promise.all(this.#finishing);
  }

  #follow(work: Promise<unknown>, failure: string, claim: PublishClaim): void {
    const followed: Promise<unknown> = work
      .catch((error: unknown) => {
        this.#options.logger.warn({ err: error, ...claimIds(claim) }, failure);
      })
      .finally(() => this.#finishing.delete(followed));
    this.#finishing.add(followed);
  }
}
