// Begins and ends publishes: the frame bus, the claim, the events, the metrics.
import { Inject, Injectable } from '@nestjs/common';
import type { PackagerFeature, PublishClaim, SessionWarning } from '@millrace/domain';
import { CONTROL_PLANE, MAX_ENCODER_LENGTH } from '@millrace/control';
import type { ControlPlane, SessionHealthChange, StandbyChanged } from '@millrace/control';
import { FRAME_BUS } from '@millrace/frame-bus';
import type { FrameBus, PayloadMemory } from '@millrace/frame-bus';
import { LIVE_STORE } from '@millrace/live-store';
import type { EncoderDetails, LiveStore, PromotionCause } from '@millrace/live-store';
import { LOGGER } from '@millrace/service-kit';
import type { Logger } from '@millrace/service-kit';
import { INGEST_CLOCK, INGEST_METRICS, INGEST_SETTINGS } from '../ingest-options.ts';
import type { IngestSettings } from '../ingest-options.ts';
import type { IngestMetrics } from '../metrics/ingest-metrics.ts';
import { IngestSampler } from '../metrics/ingest-sampler.ts';
import { ActivePublishers, WaitingPublishers } from './active-publishers.ts';
import type { ActivePublisher } from './active-publishers.ts';
import { claimIds } from './claim-ids.ts';
import type { EncoderPeer } from './encoder-peer.ts';
import { LivePublisher } from './live-publisher.ts';
import { PublishSpans } from './publish-spans.ts';

/** How long the last frames of a publish may take to reach the bus. */
const FINISH_MS = 5_000;

/** What a granted encoder may publish, or wait for. */
export interface GrantedPublish {
  readonly claim: PublishClaim;
  /** What all live packagers can read. */
  readonly features: ReadonlySet<PackagerFeature>;
  /** The name that the encoder gave itself. */
  readonly encoder: string;
}

/** Told of every publisher of this edge, once when it begins and once when it is gone. */
export interface PublishListener {
  began(claim: PublishClaim): void;
  /** @param reason as the control plane is told: `taken_over` and `switched` if another publisher has followed */
  ended(claim: PublishClaim, reason: string): void;
}

@Injectable()
export class PublishLifecycle {
  readonly #listeners: PublishListener[] = [];
  /** Releases of claims, and publishes whose last frames are still on their way to the bus. */
  readonly #finishing = new Set<Promise<unknown>>();
  readonly #peers = new WeakMap<ActivePublisher, EncoderPeer>();

  constructor(
    readonly active: ActivePublishers,
    readonly waiting: WaitingPublishers,
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

  /** Tells of the publishers that begin from now on. */
  listen(listener: PublishListener): void {
    this.#listeners.push(listener);
  }

  /** Why frames published now might be lost; undefined when they are safe. */
  get fault(): string | undefined {
    return this.frameBus.logFault();
  }

  /**
   * Opens a publisher on the bus for a granted claim; none for an encoder that waits.
   *
   * @param memory where the payloads of its frames lie, if that is to be used again
   * @throws when the bus is closed
   */
  open({ claim, features, encoder }: GrantedPublish, memory?: PayloadMemory): LivePublisher {
    const bus =
      claim.standby === true ? undefined : this.frameBus.openPublisher(claim.streamId, claim.epoch, claim.tenantId);
    const { clock, settings } = this;
    return new LivePublisher(claim, bus, { clock, trackWaitMs: settings.trackWaitMs, features, encoder, memory });
  }

  /** Registers the publisher. An older one of the same stream on this edge is disconnected. */
  begin(active: ActivePublisher, peer: EncoderPeer): void {
    const { publisher } = active;
    const { streamId, epoch } = publisher.claim;
    this.#peers.set(active, peer);
    this.sampler.add(publisher, peer.protocol);
    if (publisher.isWaiting) return this.#wait(active, 'connected');
    this.active.add(active);
    this.metrics.publishers.inc({ protocol: peer.protocol });
    for (const listener of this.#listeners) listener.began(publisher.claim);
    this.active.cut({ streamId, streamKeyId: undefined, beforeEpoch: epoch, reason: 'taken_over' });
  }

  /**
   * An encoder that waited publishes from its next keyframe on. The other one hears of it with the renewal of its claim. One that has left
   * meanwhile has released both.
   *
   * @throws when the bus is closed
   */
  promote(active: ActivePublisher, claim: PublishClaim, cause: PromotionCause): void {
    const bus = this.frameBus.openPublisher(claim.streamId, claim.epoch, claim.tenantId);
    if (!this.waiting.remove(active))
      return this.#follow(bus.close(0), 'could not close a publisher of the bus', claim);
    const { publisher, health } = active;
    const protocol = this.#protocolOf(active);
    this.metrics.standbys.dec({ protocol });
    this.metrics.promotions.inc({ reason: cause });
    this.spans.promoted(publisher.claim, claim);
    publisher.promote(claim, bus);
    this.active.add(active);
    this.metrics.publishers.inc({ protocol });
    for (const listener of this.#listeners) listener.began(claim);
    this.#standbyChanged(active, 'promoted', cause);
    health.promoted();
    this.logger.info({ ...claimIds(claim), epoch: claim.epoch, cause }, 'the encoder that waited publishes');
  }

  /** The encoder that waited publishes instead of this one, which waits from now on. */
  demote(active: ActivePublisher): void {
    if (!this.active.remove(active)) return;
    const { publisher } = active;
    this.metrics.publishers.dec({ protocol: this.#protocolOf(active) });
    const { claim } = publisher;
    this.#publishEnded(publisher, 'switched');
    for (const listener of this.#listeners) listener.ended(claim, 'switched');
    // It waits since now; clocks differ.
    const epochStartedAtMs = Math.max(Date.now(), claim.epochStartedAtMs + 1);
    const waiting: PublishClaim = { ...claim, standby: true, epochStartedAtMs };
    this.#follow(publisher.demote(waiting, FINISH_MS), 'the last frames did not reach the bus', claim);
    this.#wait(active, 'switched');
    this.logger.info(claimIds(claim), 'another encoder publishes; this one waits');
  }

  /**
   * Ends a publish: releases the claim immediately, so that the encoder can return immediately, and sends the last frames.
   *
   * @param reason one of a bounded set, for metrics and the control plane
   * @param unpublished whether the encoder announced the end
   */
  finish(active: ActivePublisher, peer: EncoderPeer, reason: string, unpublished: boolean): void {
    const { publisher } = active;
    const { claim } = publisher;
    const { metrics, sampler } = this;
    if (this.waiting.remove(active)) {
      sampler.remove(publisher);
      metrics.standbys.dec({ protocol: peer.protocol });
      this.release(claim, reason);
      return this.#standbyChanged(active, 'left', reason);
    }
    if (!this.active.remove(active)) return;
    sampler.remove(publisher);
    metrics.publishers.dec({ protocol: peer.protocol });
    this.#publishEnded(publisher, reason, () => {
      this.release(claim);
      this.#follow(publisher.finish(unpublished, FINISH_MS), 'the last frames did not reach the bus', claim);
    });
    for (const listener of this.#listeners) listener.ended(claim, reason);
  }

  /** What people are told of an encoder. */
  detailsOf(active: ActivePublisher): EncoderDetails {
    const { protocol, address: clientAddress } = this.#peers.get(active) ?? { protocol: '', address: '' };
    const encoder = active.publisher.encoder.slice(0, MAX_ENCODER_LENGTH).toWellFormed();
    return { protocol, encoder, clientAddress };
  }

  #wait(active: ActivePublisher, reason: string): void {
    this.waiting.add(active);
    this.metrics.standbys.inc({ protocol: this.#protocolOf(active) });
    this.#standbyChanged(active, 'waiting', reason);
  }

  /** @param finish what comes between the last frame and the news of the end */
  #publishEnded(publisher: LivePublisher, reason: string, finish: () => void = () => undefined): void {
    const { claim, sent } = publisher;
    this.metrics.sessionSeconds.observe(Math.max(0, (Date.now() - claim.epochStartedAtMs) / 1_000));
    this.spans.ended(claim, reason, publisher.counts);
    finish();
    const detail = reason === 'unsupported_codec' ? publisher.unsupported : undefined;
    this.control.publishEnded({ claim, reason, ...(detail !== undefined && { detail }), ...sent });
  }

  #protocolOf(active: ActivePublisher): string {
    return this.detailsOf(active).protocol;
  }

  #standbyChanged(active: ActivePublisher, change: StandbyChanged['change'], reason: string): void {
    const { claim } = active.publisher;
    this.control.standbyChanged({ claim, change, reason, ...this.detailsOf(active), atMs: Date.now() });
  }

  /** Tells gateways of something that is wrong with what is published, or no longer is. */
  warned({ tenantId, streamId, sessionId }: PublishClaim, warning: SessionWarning, change: SessionHealthChange): void {
    this.control.sessionWarned({ tenantId, streamId, sessionId, warning, change });
  }

  /** Releases a claim. */
  release(claim: PublishClaim, reason = 'not_begun'): void {
    this.spans.ended(claim, reason);
    const { liveStore } = this;
    const released = (claim.standby === true ? liveStore.releaseStandby(claim) : liveStore.releaseClaim(claim)).catch(
      (error: unknown) => {
        this.metrics.releaseFailures.inc();
        throw error;
      },
    );
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
