// The edge as a whole: its ports, its publishers, its rounds, and how it stops.
import { performance } from 'node:perf_hooks';
import type { ControlPlane, CutPublisher } from '@millrace/control';
import type { FrameBus } from '@millrace/frame-bus';
import type { LiveStore } from '@millrace/live-store';
import {
  AddressRanges,
  CertificateWatcher,
  ConfigError,
  ConnectionLimits,
  expiryOf,
  NO_TRACER,
  readCertificate,
  TenantLabels,
} from '@millrace/service-kit';
import type { Certificate, Logger, Metrics, Readiness, Tracer } from '@millrace/service-kit';
import { ChallengeRate } from './ingest/challenge-rate.ts';
import { ClaimRenewer } from './ingest/claim-renewer.ts';
import type { EdgeContext } from './ingest/edge-context.ts';
import { PublisherDrain } from './ingest/drain-publishers.ts';
import { EarlyMedia } from './ingest/early-media.ts';
import { PublishAuthorizer } from './ingest/publish-authorizer.ts';
import { Publishing } from './ingest/publishing.ts';
import { PublishSpans } from './ingest/publish-spans.ts';
import { RtmpListener } from './ingest/rtmp-listener.ts';
import { sessionOptions } from './ingest/session-options.ts';
import { WrongKeys } from './ingest/wrong-keys.ts';
import { ReadPacer } from './socket/read-pacer.ts';
import { CONNECTION_STATES, createIngestMetrics, PROTOCOLS } from './metrics/ingest-metrics.ts';
import type { IngestMetrics } from './metrics/ingest-metrics.ts';
import { IngestSampler, SAMPLE_INTERVAL_MS } from './metrics/ingest-sampler.ts';
import { TenantIngest } from './metrics/tenant-ingest.ts';
import type { RtmpEdgeSettings } from './settings.ts';

export interface RtmpEdgeOptions {
  readonly settings: RtmpEdgeSettings;
  readonly frameBus: FrameBus;
  readonly liveStore: LiveStore;
  readonly control: ControlPlane;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly readiness: Readiness;
  /** None when not given. */
  readonly tracer?: Tracer;
}

/** The ports that were opened. */
export interface RtmpEdgePorts {
  /** `::` for all addresses of IPv4 and IPv6. */
  readonly address: string;
  readonly rtmp: number;
  readonly rtmps: number | undefined;
}

export class RtmpEdge {
  readonly #options: RtmpEdgeOptions;
  readonly #metrics: IngestMetrics;
  readonly #context: EdgeContext;
  readonly #limits: ConnectionLimits;
  readonly #pacer: ReadPacer;
  readonly #sampler: IngestSampler;
  readonly #renewer: ClaimRenewer;
  readonly #listeners: RtmpListener[] = [];
  #watcher: CertificateWatcher | undefined;
  #samples: NodeJS.Timeout | undefined;
  #stopCollecting: (() => void) | undefined;
  #ports: RtmpEdgePorts | undefined;
  #leaving: PublisherDrain | undefined;
  #drained: Promise<void> | undefined;

  constructor(options: RtmpEdgeOptions) {
    this.#options = options;
    const { settings, frameBus, liveStore, control, logger } = options;
    const clock = () => performance.now();
    const metrics = createIngestMetrics(options.metrics);
    const tenants = new TenantLabels(options.metrics, settings.metricsTenantLimit);
    const sampler = new IngestSampler(metrics, new TenantIngest(options.metrics, tenants), clock);
    const spans = new PublishSpans(options.tracer ?? NO_TRACER);
    const { trackWaitMs } = settings;
    const publishing = new Publishing({
      ...{ spans, frameBus, liveStore, control, metrics, sampler, logger, clock, trackWaitMs },
    });
    const { instanceId: edgeId, authorizeMs } = settings;
    const wrongKeys = new WrongKeys(settings.wrongKeysPerMinute, clock);
    const challenges = new ChallengeRate(settings.loginsPerMinute, clock);
    this.#metrics = metrics;
    this.#sampler = sampler;
    this.#limits = new ConnectionLimits(settings);
    this.#pacer = new ReadPacer(settings.readCoalesceMs, settings.readCoalesceFrom);
    this.#renewer = new ClaimRenewer(publishing.registry, liveStore, metrics, logger);
    this.#context = {
      settings,
      session: sessionOptions(settings, clock),
      authorizer: new PublishAuthorizer({
        ...{ control, wrongKeys, challenges, spans, edgeId, authorizeMs },
        onBlocked: (limit) => metrics.rateLimited.inc({ limit }),
      }),
      publishing,
      earlyMedia: new EarlyMedia(settings.earlyTotalBytes, {
        bytes: metrics.earlyBytes,
        waiting: metrics.earlyWaiting,
      }),
      metrics,
      logger,
      draining: false,
    };
  }

  /** Opens the ports and begins the rounds. */
  async listen(): Promise<RtmpEdgePorts> {
    const { settings, frameBus, readiness, metrics } = this.#options;
    const { rtmpHost, rtmpPort, rtmpsPort } = settings;
    const plain = this.#addListener();
    const secure = await this.#secureListener();
    const { address, port: rtmp } = await plain.listen(rtmpHost, rtmpPort);
    const rtmps = (await secure?.listen(rtmpHost, rtmpsPort))?.port;
    readiness.add('frame_bus', () => frameBus.logFault() ?? (frameBus.isReady() || 'not connected'));
    this.#renewer.start();
    this.#samples = setInterval(() => this.#sampler.observe(), SAMPLE_INTERVAL_MS);
    this.#stopCollecting = metrics.beforeCollect(() => this.#collect());
    this.#ports = { address, rtmp, rtmps };
    this.#options.logger.info({ address, rtmp_port: rtmp, rtmps_port: rtmps }, 'RTMP listening');
    return this.#ports;
  }

  /** The ports that were opened; undefined before `listen`. */
  get ports(): RtmpEdgePorts | undefined {
    return this.#ports;
  }

  /** Cuts the publishers that a control message means. */
  cutPublisher(event: CutPublisher): void {
    this.#context.publishing.registry.cut(event);
  }

  /** How many publish through this edge now. */
  get publishers(): number {
    return this.#context.publishing.registry.size;
  }

  /** Closes the ports and asks encoders that understand it to connect elsewhere. Whoever publishes may go on. Idempotent. */
  leave(): void {
    if (this.#leaving) return;
    this.#context.draining = true;
    this.#metrics.draining.set(1);
    this.#watcher?.stop();
    for (const listener of this.#listeners) listener.close();
    this.#leaving = new PublisherDrain(this.#context.publishing.registry, (left) =>
      this.#metrics.drainRemaining.set(left),
    );
    this.#leaving.ask();
  }

  /**
   * Stops in order: leaves, waits at most `drainMs` until the publishers have gone, ends those that are left over `drainSpreadMs`,
   * and sees their last frames off. Idempotent.
   */
  drain(): Promise<void> {
    this.#drained ??= this.#drain();
    return this.#drained;
  }

  async #drain(): Promise<void> {
    const { publishing, settings } = this.#context;
    this.leave();
    await this.#leaving?.gone(settings.drainMs);
    await this.#leaving?.end(settings.drainSpreadMs);
    this.#renewer.stop();
    for (const connection of this.#connections()) connection.cut('draining');
    // The last words are read, or thrown away, within `closeMs`.
    await Promise.all([publishing.settled(), ...this.#listeners.map((listener) => listener.emptied())]);
    clearInterval(this.#samples);
    this.#collect();
    this.#stopCollecting?.();
  }

  async #secureListener(): Promise<RtmpListener | undefined> {
    const { logger } = this.#options;
    const { tlsCertFile: certFile, tlsKeyFile: keyFile, tlsReloadMs } = this.#context.settings;
    if (certFile === undefined && keyFile === undefined) return undefined;
    if (certFile === undefined) throw missing('MILLRACE_TLS_CERT_FILE');
    if (keyFile === undefined) throw missing('MILLRACE_TLS_KEY_FILE');
    const files = { certFile, keyFile };
    const certificate = await readCertificate(files);
    this.#metrics.certificateExpiry.set(expiryOf(certificate));
    const listener = this.#addListener(certificate);
    const replace = (changed: typeof certificate) => {
      listener.replaceCertificate(changed);
      this.#metrics.certificateExpiry.set(expiryOf(changed));
      this.#metrics.tlsReloads.inc({ outcome: 'replaced' });
      logger.info('certificate replaced');
    };
    const fail = (error: unknown) => {
      this.#metrics.tlsReloads.inc({ outcome: 'failed' });
      logger.warn({ err: error }, 'cannot read the certificate; keeping the old one');
    };
    this.#watcher = new CertificateWatcher(files, certificate, replace, fail);
    this.#watcher.start(tlsReloadMs);
    return listener;
  }

  #addListener(certificate?: Certificate): RtmpListener {
    const listener = new RtmpListener({
      ...{ context: this.#context, limits: this.#limits, pacer: this.#pacer },
      ...(certificate && { certificate }),
      ...proxiesOf(this.#context.settings),
    });
    this.#listeners.push(listener);
    return listener;
  }

  #connections() {
    return this.#listeners.flatMap((listener) => [...listener.connections]);
  }

  #collect(): void {
    this.#sampler.count();
    const { connections } = this.#metrics;
    for (const protocol of PROTOCOLS) for (const state of CONNECTION_STATES) connections.set({ protocol, state }, 0);
    for (const { peer, state } of this.#connections()) connections.inc({ protocol: peer.protocol, state });
  }
}

function proxiesOf({ proxyProtocol, proxyFrom }: RtmpEdgeSettings): { proxies?: AddressRanges } {
  if (!proxyProtocol) return {};
  if (proxyFrom !== undefined) return { proxies: new AddressRanges(proxyFrom) };
  const fault = 'must name the trusted load balancers when MILLRACE_RTMP_PROXY_PROTOCOL is true';
  throw new ConfigError([{ variable: 'MILLRACE_RTMP_PROXY_FROM', fault }]);
}

const missing = (variable: string) =>
  new ConfigError([{ variable, fault: 'set both the certificate and the key, or neither' }]);
