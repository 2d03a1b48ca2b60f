// What an edge does with publishers, whatever its protocol: which may publish, which are publishing now, and how all of them leave.
import { Inject, Injectable } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import { CONTROL_PLANE, UsageReporter } from '@millrace/control';
import type { ChallengeLoginAnswer, ControlPlane, CutPublisher, PutTimedMetadata } from '@millrace/control';
import { featuresOfAll, onSharedBeatWhile } from '@millrace/domain';
import type { Beat, PackagerFeature, PublishClaim } from '@millrace/domain';
import { FRAME_BUS } from '@millrace/frame-bus';
import type { FrameBus } from '@millrace/frame-bus';
import { LIVE_STORE } from '@millrace/live-store';
import type { LiveStore } from '@millrace/live-store';
import { METRICS, READINESS } from '@millrace/service-kit';
import type { Logger, Metrics, Readiness } from '@millrace/service-kit';
import { INGEST_CLOCK, INGEST_METRICS, INGEST_PROTOCOL, INGEST_SETTINGS } from './ingest-options.ts';
import type { IngestProtocol, IngestSettings } from './ingest-options.ts';
import { CONNECTION_STATES } from './metrics/ingest-metrics.ts';
import type { IngestMetrics } from './metrics/ingest-metrics.ts';
import { IngestSampler, SAMPLE_INTERVAL_MS } from './metrics/ingest-sampler.ts';
import { BITRATE_LOOK_MS, BitrateGuard } from './publish/bitrate-guard.ts';
import { claimIds } from './publish/claim-ids.ts';
import { ClaimRenewer } from './publish/claim-renewer.ts';
import { EarlyMedia } from './publish/early-media.ts';
import type { EncoderPeer } from './publish/encoder-peer.ts';
import { IngestAuthorizer } from './publish/ingest-authorizer.ts';
import type { KeyDecision } from './publish/ingest-authorizer.ts';
import { IngestReporter } from './publish/ingest-reporter.ts';
import { MediaWatch } from './publish/media-watch.ts';
import type { WatchedConnection } from './publish/media-watch.ts';
import { OpenConnections } from './publish/open-connections.ts';
import { PublishLifecycle } from './publish/publish-lifecycle.ts';
import type { GrantedPublish } from './publish/publish-lifecycle.ts';
import { PublisherDrain } from './publish/publisher-drain.ts';
import { TimedMetadataInserter } from './publish/timed-metadata-inserter.ts';
import type { ShownCredentials } from './publish/shown-credentials.ts';

/** Its claim says whether the encoder publishes, or waits. */
export type PublishDecision =
  (Extract<KeyDecision, { granted: true }> & GrantedPublish) | Extract<KeyDecision, { granted: false }>;

/**
 * An edge's connections depend on this: Nest ends them before it. This in turn depends on what renews claims and reports, which go on
 * until the last publish has ended.
 */
@Injectable()
export class Ingest implements OnApplicationBootstrap, BeforeApplicationShutdown {
  #samples: Beat | undefined;
  #looks: Beat | undefined;
  #stopCollecting: (() => void) | undefined;

  constructor(
    readonly publishes: PublishLifecycle,
    /** Of all connections together. */
    readonly earlyMedia: EarlyMedia,
    readonly connections: OpenConnections,
    private readonly authorizer: IngestAuthorizer,
    private readonly sampler: IngestSampler,
    private readonly drain: PublisherDrain,
    private readonly usage: UsageReporter,
    private readonly inserter: TimedMetadataInserter,
    _renewer: ClaimRenewer,
    _reporter: IngestReporter,
    @Inject(INGEST_METRICS) readonly metrics: IngestMetrics,
    /** Milliseconds of a monotonic clock. */
    @Inject(INGEST_CLOCK) readonly clock: () => number,
    @Inject(INGEST_SETTINGS) private readonly settings: IngestSettings,
    @Inject(INGEST_PROTOCOL) private readonly protocol: IngestProtocol,
    @Inject(CONTROL_PLANE) private readonly control: ControlPlane,
    @Inject(FRAME_BUS) private readonly frameBus: FrameBus,
    @Inject(LIVE_STORE) private readonly liveStore: LiveStore,
    @Inject(METRICS) private readonly registry: Metrics,
    @Inject(READINESS) private readonly readiness: Readiness,
  ) {}

  onApplicationBootstrap(): void {
    const { readiness, frameBus, registry } = this;
    readiness.add('frame_bus', () => frameBus.logFault() ?? (frameBus.isReady() || 'not connected'));
    const { active, waiting } = this.publishes;
    const encoders = { list: () => [...active.list(), ...waiting.list()] };
    const bitrates = new BitrateGuard(encoders, this.usage.ledger, this.clock);
    const hasEncoders = (): boolean => active.size + waiting.size > 0;
    const looks = onSharedBeatWhile(BITRATE_LOOK_MS, hasEncoders, () => bitrates.look());
    const samples = onSharedBeatWhile(SAMPLE_INTERVAL_MS, hasEncoders, () => this.sampler.observe());
    for (const publishers of [active, waiting])
      publishers.whenAdded(() => {
        looks.wake();
        samples.wake();
      });
    this.#looks = looks;
    this.#samples = samples;
    this.#stopCollecting = registry.beforeCollect(() => this.#collect());
  }

  /** All connections have ended by now: waits until their last frames have reached the bus. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.publishes.settled();
    this.#samples?.stop();
    this.#looks?.stop();
    this.#collect();
    this.#stopCollecting?.();
  }

  /** Decides whether a publish request is granted. Never throws: every failure becomes a refusal. */
  async decide(shown: ShownCredentials, peer: EncoderPeer, logger: Logger): Promise<PublishDecision> {
    const { metrics } = this;
    const begunMs = this.clock();
    const decision = await this.#decide(shown, peer, logger);
    const outcome = decision.granted ? 'granted' : 'refused';
    metrics.authorizeSeconds.observe({ outcome }, (this.clock() - begunMs) / 1_000);
    metrics.publishAttempts.inc({ outcome, reason: decision.granted ? 'none' : decision.refusal });
    if (!decision.granted) logRefusal(decision, logger);
    return decision;
  }

  /** Creates a challenge for an encoder that logs in. Never throws: undefined means refused. */
  async challengeLogin(user: string, peer: EncoderPeer, logger: Logger): Promise<ChallengeLoginAnswer | undefined> {
    const challenge = this.draining
      ? undefined
      : await this.authorizer.challenge(user, peer).catch((error: unknown) => {
          logger.error({ err: error }, 'could not create a login challenge');
          return undefined;
        });
    this.metrics.logins.inc({ outcome: challenge ? 'challenged' : 'refused' });
    return challenge;
  }

  /** @returns the observer for the media of the publish with this claim */
  watch(claim: PublishClaim, connection: WatchedConnection, logger: Logger): MediaWatch {
    const { publishes, metrics, clock } = this;
    const { onlyUnsupportedMs } = this.settings;
    const { malformedTag } = this.protocol;
    return new MediaWatch({ claim, publishes, metrics, logger, clock, onlyUnsupportedMs, malformedTag, connection });
  }

  /** Disconnects the publishers that a control message refers to. */
  cutPublisher(event: CutPublisher): void {
    this.publishes.active.cut(event);
    // An encoder that waits is not cut by what takes over from the one that publishes.
    if (event.beforeEpoch === undefined) this.publishes.waiting.cut(event);
  }

  /** Puts timed metadata into what a publisher of this edge sends, and tells gateways; nothing where the publisher is elsewhere. */
  async putTimedMetadata(event: PutTimedMetadata): Promise<void> {
    const outcome = await this.inserter.insert(event);
    if (outcome !== undefined) this.control.timedMetadataPut({ id: event.id, outcome });
  }

  /** Number of publishers on this edge. */
  get publishers(): number {
    return this.publishes.active.size;
  }

  /** True once the edge is stopping: no new publish is granted. */
  get draining(): boolean {
    return this.drain.hasBegun;
  }

  /** Stops granting publishes, and asks encoders whose protocol allows it to reconnect elsewhere. Idempotent. */
  leave(): void {
    this.drain.begin();
  }

  /**
   * Leaves, waits at most `drainMs` for the publishers to go, and disconnects those that are left over `drainSpreadMs`. An edge calls it
   * once its ports are closed, and then closes the connections that are left.
   */
  async drainPublishers(): Promise<void> {
    const { drainMs, drainSpreadMs } = this.settings;
    this.leave();
    await this.drain.gone(drainMs);
    await this.drain.end(drainSpreadMs);
  }

  async #decide(shown: ShownCredentials, peer: EncoderPeer, logger: Logger): Promise<PublishDecision> {
    if (this.draining) return { granted: false, refusal: 'draining' };
    const { fault } = this.publishes;
    if (fault !== undefined) {
      logger.warn({ fault }, 'publisher refused: its frames might be lost');
      return { granted: false, refusal: 'unavailable' };
    }
    try {
      const decision = await this.authorizer.authorize(shown, peer);
      const { encoder } = shown;
      if (decision.granted && shown.isBackup === true && decision.claim.role !== 'backup') {
        // A gateway of an older release took it for a publisher like any other.
        this.publishes.release(decision.claim);
        logger.warn(claimIds(decision.claim), 'backup encoder refused: the gateway does not know backup encoders');
        return { granted: false, refusal: 'unavailable', detail: NO_BACKUPS };
      }
      return decision.granted ? { ...decision, encoder, features: await this.#features(logger) } : decision;
    } catch (error) {
      logger.error({ err: error }, 'could not decide on a publish request');
      return { granted: false, refusal: 'unavailable' };
    }
  }

  /** Asked for at each publish: a stream keeps what it began with. */
  async #features(logger: Logger): Promise<ReadonlySet<PackagerFeature>> {
    try {
      return featuresOfAll(await this.liveStore.readPackagers());
    } catch (error) {
      logger.warn({ err: error }, 'could not ask what packagers can read: new codecs are left out of this publish');
      return new Set();
    }
  }

  #collect(): void {
    this.sampler.count();
    const { connections } = this.metrics;
    for (const protocol of this.protocol.protocols)
      for (const state of CONNECTION_STATES) connections.set({ protocol, state }, 0);
    for (const { peer, state } of this.connections.all()) connections.inc({ protocol: peer.protocol, state });
  }
}

const NO_BACKUPS = 'unavailable: the server is being updated and takes no backup encoders yet; try again later';

/** Tells operators which key of which stream it was. */
function logRefusal({ refusal, detail, key }: Extract<KeyDecision, { granted: false }>, logger: Logger): void {
  const ids = key && { tenant_id: key.tenantId, stream_id: key.streamId, stream_key_id: key.streamKeyId };
  logger.info({ refusal, detail, ...ids }, 'publish refused');
}
