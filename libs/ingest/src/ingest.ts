// What an edge does with publishers, whatever its protocol: who may publish, who publishes now, and how all of them leave.
import { performance } from 'node:perf_hooks';
import type { ChallengeLoginAnswer, ControlPlane, CutPublisher } from '@millrace/control';
import { NO_USAGE } from '@millrace/domain';
import type { PublishClaim, UsageSink } from '@millrace/domain';
import type { FrameBus } from '@millrace/frame-bus';
import type { LiveStore } from '@millrace/live-store';
import { NO_TRACER, TenantLabels } from '@millrace/service-kit';
import type { Logger, Metrics, Readiness, Tracer } from '@millrace/service-kit';
import { CONNECTION_STATES, createIngestMetrics } from './metrics/ingest-metrics.ts';
import type { ConnectionState, IngestMetrics } from './metrics/ingest-metrics.ts';
import { IngestSampler, SAMPLE_INTERVAL_MS } from './metrics/ingest-sampler.ts';
import { TenantIngest } from './metrics/tenant-ingest.ts';
import { ChallengeRate } from './publish/challenge-rate.ts';
import { ClaimRenewer } from './publish/claim-renewer.ts';
import { EarlyMedia } from './publish/early-media.ts';
import type { EncoderPeer } from './publish/encoder-peer.ts';
import { IngestAuthorizer } from './publish/ingest-authorizer.ts';
import type { PublishDecision } from './publish/ingest-authorizer.ts';
import { IngestReporter } from './publish/ingest-reporter.ts';
import { MediaWatch } from './publish/media-watch.ts';
import type { WatchedConnection } from './publish/media-watch.ts';
import { PublishLifecycle } from './publish/publish-lifecycle.ts';
import { PublishSpans } from './publish/publish-spans.ts';
import { PublisherDrain } from './publish/publisher-drain.ts';
import type { ShownCredentials } from './publish/shown-credentials.ts';
import { WrongKeys } from './publish/wrong-keys.ts';

/** An edge names its own settings; these are what they are for. */
export interface IngestSettings {
  readonly instanceId: string;
  readonly metricsTenantLimit: number;
  /** How long the control plane may take to decide. */
  readonly authorizeMs: number;
  readonly wrongKeysPerMinute: number;
  readonly loginsPerMinute: number;
  /** How much all connections together may have sent behind publishes that are not decided yet. */
  readonly earlyTotalBytes: number;
  /** How long the first track of a publisher waits for the other one. */
  readonly trackWaitMs: number;
  /** How long a publisher may send only tracks whose codecs are not carried. */
  readonly onlyUnsupportedMs: number;
  /** How long a stopping edge waits for its publishers to leave by themselves. */
  readonly drainMs: number;
  /** Over what time it then ends those that are left. */
  readonly drainSpreadMs: number;
}

/** What an ingest needs from the process that it runs in. */
export interface IngestPorts {
  readonly frameBus: FrameBus;
  readonly liveStore: LiveStore;
  readonly control: ControlPlane;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly readiness: Readiness;
  /** None when not given. */
  readonly tracer?: Tracer | undefined;
  /** What tenants use is not counted when not given. */
  readonly usage?: UsageSink | undefined;
}

/** What of a protocol an ingest has to be told. */
export interface IngestProtocol {
  /** What the edge speaks with encoders: values of `EncoderPeer.protocol`, and of the label `protocol` of its metrics. */
  readonly protocols: readonly string[];
  /** What an encoder is told whose media has nothing of this protocol around it that can be read, such as `no FLV tags`. */
  readonly malformedTag: string;
  /** The connections that are open now. */
  readonly connections: () => Iterable<{ readonly peer: EncoderPeer; readonly state: ConnectionState }>;
}

export class Ingest {
  readonly metrics: IngestMetrics;
  readonly publishes: PublishLifecycle;
  /** Of all connections together. */
  readonly earlyMedia: EarlyMedia;
  /** Milliseconds of a clock that does not go back. */
  readonly clock = (): number => performance.now();
  readonly #settings: IngestSettings;
  readonly #ports: IngestPorts;
  readonly #protocol: IngestProtocol;
  readonly #authorizer: IngestAuthorizer;
  readonly #sampler: IngestSampler;
  readonly #renewer: ClaimRenewer;
  readonly #reporter: IngestReporter;
  #samples: NodeJS.Timeout | undefined;
  #stopCollecting: (() => void) | undefined;
  #drain: PublisherDrain | undefined;

  constructor(settings: IngestSettings, ports: IngestPorts, protocol: IngestProtocol) {
    this.#settings = settings;
    this.#ports = ports;
    this.#protocol = protocol;
    const { frameBus, liveStore, control, logger } = ports;
    const { clock } = this;
    const metrics = createIngestMetrics(ports.metrics, protocol.protocols);
    const tenants = new TenantLabels(ports.metrics, settings.metricsTenantLimit);
    const spans = new PublishSpans(ports.tracer ?? NO_TRACER);
    const { instanceId: edgeId, authorizeMs, wrongKeysPerMinute, loginsPerMinute, earlyTotalBytes } = settings;
    this.metrics = metrics;
    this.#sampler = new IngestSampler(
      metrics,
      new TenantIngest(ports.metrics, tenants),
      ports.usage ?? NO_USAGE,
      clock,
    );
    const sampler = this.#sampler;
    const { trackWaitMs } = settings;
    const own = { metrics, sampler, spans, clock, trackWaitMs };
    this.publishes = new PublishLifecycle({ frameBus, liveStore, control, logger, ...own });
    this.earlyMedia = new EarlyMedia(earlyTotalBytes, { bytes: metrics.earlyBytes, waiting: metrics.earlyWaiting });
    this.#renewer = new ClaimRenewer(this.publishes.active, liveStore, metrics, logger);
    this.#reporter = new IngestReporter(this.publishes.active, liveStore, clock, logger);
    this.#authorizer = new IngestAuthorizer({
      control,
      wrongKeys: new WrongKeys(wrongKeysPerMinute, clock),
      challenges: new ChallengeRate(loginsPerMinute, clock),
      spans,
      edgeId,
      authorizeMs,
      onBlocked: (limit) => metrics.rateLimited.inc({ limit }),
    });
  }

  /** Begins the rounds: claims, samples, reports, readiness. Once the edge listens. */
  start(): void {
    const { readiness, frameBus, metrics } = this.#ports;
    readiness.add('frame_bus', () => frameBus.logFault() ?? (frameBus.isReady() || 'not connected'));
    this.#renewer.start();
    this.#reporter.start();
    this.#samples = setInterval(() => this.#sampler.observe(), SAMPLE_INTERVAL_MS);
    this.#stopCollecting = metrics.beforeCollect(() => this.#collect());
  }

  /** Whether a request to publish is granted. Never throws: what goes wrong is a refusal too. */
  async decide(shown: ShownCredentials, peer: EncoderPeer, logger: Logger): Promise<PublishDecision> {
    const { metrics } = this;
    const begunMs = this.clock();
    const decision = await this.#decide(shown, peer, logger);
    const outcome = decision.granted ? 'granted' : 'refused';
    metrics.authorizeSeconds.observe({ outcome }, (this.clock() - begunMs) / 1_000);
    metrics.publishAttempts.inc({ outcome, reason: decision.granted ? 'none' : decision.refusal });
    return decision;
  }

  /** A challenge for an encoder that logs in. Never throws: undefined is a refusal. */
  async challengeLogin(user: string, peer: EncoderPeer, logger: Logger): Promise<ChallengeLoginAnswer | undefined> {
    const challenge = this.draining
      ? undefined
      : await this.#authorizer.challenge(user, peer).catch((error: unknown) => {
          logger.error({ err: error }, 'could not create a login challenge');
          return undefined;
        });
    this.metrics.logins.inc({ outcome: challenge ? 'challenged' : 'refused' });
    return challenge;
  }

  /** What a publisher's media is told to, for the publish of this claim. */
  watch(claim: PublishClaim, connection: WatchedConnection, logger: Logger): MediaWatch {
    const { publishes, metrics, clock } = this;
    const { onlyUnsupportedMs } = this.#settings;
    const { malformedTag } = this.#protocol;
    return new MediaWatch({ claim, publishes, metrics, logger, clock, onlyUnsupportedMs, malformedTag, connection });
  }

  /** Cuts the publishers that a control message means. */
  cutPublisher(event: CutPublisher): void {
    this.publishes.active.cut(event);
  }

  /** How many publish through this edge now. */
  get publishers(): number {
    return this.publishes.active.size;
  }

  /** True once the edge stops: nothing new may be published. */
  get draining(): boolean {
    return this.#drain !== undefined;
  }

  /** Grants nothing any more, and asks encoders that understand it to connect elsewhere. Idempotent. */
  leave(): void {
    if (this.#drain) return;
    this.metrics.draining.set(1);
    this.#drain = new PublisherDrain(this.publishes.active, (left) => this.metrics.drainRemaining.set(left));
    this.#drain.ask();
  }

  /** Leaves; waits at most `drainMs` until the publishers have gone, and ends those that are left over `drainSpreadMs`. */
  async drainPublishers(): Promise<void> {
    this.leave();
    await this.#drain?.gone(this.#settings.drainMs);
    await this.#drain?.end(this.#settings.drainSpreadMs);
    this.#renewer.stop();
    this.#reporter.stop();
  }

  /** The end, behind `drainPublishers`. Call it once all connections are gone. */
  async stop(): Promise<void> {
    await this.publishes.settled();
    clearInterval(this.#samples);
    this.#collect();
    this.#stopCollecting?.();
  }

  async #decide(shown: ShownCredentials, peer: EncoderPeer, logger: Logger): Promise<PublishDecision> {
    if (this.draining) return { granted: false, refusal: 'draining' };
    const { fault } = this.publishes;
    if (fault !== undefined) {
      logger.warn({ fault }, 'publisher refused: its frames might be lost');
      return { granted: false, refusal: 'unavailable' };
    }
    try {
      return await this.#authorizer.authorize(shown, peer);
    } catch (error) {
      logger.error({ err: error }, 'could not decide on a publish request');
      return { granted: false, refusal: 'unavailable' };
    }
  }

  #collect(): void {
    this.#sampler.count();
    const { connections } = this.metrics;
    const { protocols } = this.#protocol;
    for (const protocol of protocols) for (const state of CONNECTION_STATES) connections.set({ protocol, state }, 0);
    for (const { peer, state } of this.#protocol.connections()) connections.inc({ protocol: peer.protocol, state });
  }
}
