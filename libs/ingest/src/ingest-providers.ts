// Wiring only: the ingest of an edge, as providers of the edge's own module. Nest stops what depends on others first, within a module:
// in a module of its own, the ingest would end at a time that has nothing to do with the edge's connections.
import { performance } from 'node:perf_hooks';
import { CONTROL_PLANE, ControlPlaneClient, UsageReporter } from '@millrace/control';
import type { ControlPlane } from '@millrace/control';
import { FRAME_BUS } from '@millrace/frame-bus';
import { LIVE_STORE } from '@millrace/live-store';
import { contextProviders, LOGGER, METRICS, TenantLabels, TRACER, watchHandedEvents } from '@millrace/service-kit';
import type { Logger, Metrics, Tracer } from '@millrace/service-kit';
import type { Provider } from '@nestjs/common';
import type { ClientProxy } from '@nestjs/microservices';
import { INGEST_CLOCK, INGEST_METRICS, INGEST_PROTOCOL, INGEST_SETTINGS } from './ingest-options.ts';
import type { IngestOptions, IngestProtocol, IngestSettings } from './ingest-options.ts';
import { Ingest } from './ingest.ts';
import { createIngestMetrics } from './metrics/ingest-metrics.ts';
import type { IngestMetrics } from './metrics/ingest-metrics.ts';
import { IngestSampler } from './metrics/ingest-sampler.ts';
import { TenantIngest } from './metrics/tenant-ingest.ts';
import { ActivePublishers, WaitingPublishers } from './publish/active-publishers.ts';
import { ChallengeRate } from './publish/challenge-rate.ts';
import { ClaimRenewer } from './publish/claim-renewer.ts';
import { EarlyMedia } from './publish/early-media.ts';
import { IngestAuthorizer } from './publish/ingest-authorizer.ts';
import { IngestReporter } from './publish/ingest-reporter.ts';
import { OpenConnections } from './publish/open-connections.ts';
import { PublishLifecycle } from './publish/publish-lifecycle.ts';
import { PublishSpans } from './publish/publish-spans.ts';
import { PublisherDrain } from './publish/publisher-drain.ts';
import { TimedMetadataInserter } from './publish/timed-metadata-inserter.ts';
import { WrongKeys } from './publish/wrong-keys.ts';

export function ingestProviders(options: IngestOptions, protocol: IngestProtocol): Provider[] {
  return [
    ...contextProviders(options),
    { provide: INGEST_SETTINGS, useValue: options.settings },
    { provide: INGEST_PROTOCOL, useValue: protocol },
    { provide: INGEST_CLOCK, useValue: () => performance.now() },
    { provide: FRAME_BUS, useValue: options.frameBus },
    { provide: LIVE_STORE, useValue: options.liveStore },
    {
      provide: INGEST_METRICS,
      inject: [METRICS],
      useFactory: (metrics: Metrics) => createIngestMetrics(metrics, protocol.protocols),
    },
    ...controlProviders(options.control),
    ...METERING,
    ...LIMITS,
    AUTHORIZER,
    INSERTER,
    ActivePublishers,
    WaitingPublishers,
    OpenConnections,
    PublishLifecycle,
    ClaimRenewer,
    IngestReporter,
    PublisherDrain,
    Ingest,
  ];
}

const controlProviders = (control: ClientProxy): Provider[] => {
  const failing =
    ({ controlFailures }: IngestMetrics, logger: Logger) =>
    (subject: string, error: unknown) => {
      controlFailures.inc({ subject });
      logger.debug({ subject, err: error }, 'control message not delivered');
    };
  return [
    {
      provide: CONTROL_PLANE,
      inject: [INGEST_METRICS, LOGGER, TRACER, METRICS],
      useFactory: (metrics: IngestMetrics, logger: Logger, tracer: Tracer, registry: Metrics) => {
        const handed = watchHandedEvents(registry, logger);
        const client = new ControlPlaneClient(control, {
          handover: handed.handover,
          traceparent: () => tracer.current?.traceparent,
          onError: failing(metrics, logger),
        });
        handed.follow(client);
        return client;
      },
    },
    {
      provide: UsageReporter,
      inject: [INGEST_METRICS, LOGGER],
      useFactory: (metrics: IngestMetrics, logger: Logger) =>
        UsageReporter.over(control, { onError: failing(metrics, logger) }),
    },
  ];
};

const METERING: Provider[] = [
  {
    provide: TenantLabels,
    inject: [METRICS, INGEST_SETTINGS],
    useFactory: (metrics: Metrics, { metricsTenantLimit }: IngestSettings) =>
      new TenantLabels(metrics, metricsTenantLimit),
  },
  {
    provide: TenantIngest,
    inject: [METRICS, TenantLabels],
    useFactory: (metrics: Metrics, labels: TenantLabels) => new TenantIngest(metrics, labels),
  },
  {
    provide: IngestSampler,
    inject: [INGEST_METRICS, TenantIngest, UsageReporter, INGEST_CLOCK],
    useFactory: (metrics: IngestMetrics, tenants: TenantIngest, { ledger }: UsageReporter, clock: () => number) =>
      new IngestSampler(metrics, tenants, ledger, clock),
  },
  { provide: PublishSpans, inject: [TRACER], useFactory: (tracer: Tracer) => new PublishSpans(tracer) },
];

const LIMITS: Provider[] = [
  {
    provide: WrongKeys,
    inject: [INGEST_SETTINGS, INGEST_CLOCK],
    useFactory: ({ wrongKeysPerMinute }: IngestSettings, clock: () => number) =>
      new WrongKeys(wrongKeysPerMinute, clock),
  },
  {
    provide: ChallengeRate,
    inject: [INGEST_SETTINGS, INGEST_CLOCK],
    useFactory: ({ loginsPerMinute }: IngestSettings, clock: () => number) => new ChallengeRate(loginsPerMinute, clock),
  },
  {
    provide: EarlyMedia,
    inject: [INGEST_SETTINGS, INGEST_METRICS],
    useFactory: ({ earlyTotalBytes }: IngestSettings, { earlyBytes, earlyWaiting }: IngestMetrics) =>
      new EarlyMedia(earlyTotalBytes, { bytes: earlyBytes, waiting: earlyWaiting }),
  },
];

const INSERTER: Provider = {
  provide: TimedMetadataInserter,
  inject: [ActivePublishers, INGEST_SETTINGS, INGEST_CLOCK],
  useFactory: (active: ActivePublishers, settings: IngestSettings, clock: () => number) =>
    new TimedMetadataInserter(active, settings, clock),
};

const AUTHORIZER: Provider = {
  provide: IngestAuthorizer,
  inject: [CONTROL_PLANE, WrongKeys, ChallengeRate, PublishSpans, INGEST_SETTINGS, INGEST_METRICS],
  useFactory: (
    control: ControlPlane,
    wrongKeys: WrongKeys,
    challenges: ChallengeRate,
    spans: PublishSpans,
    { instanceId: edgeId, authorizeMs }: IngestSettings,
    { rateLimited }: IngestMetrics,
  ) =>
    new IngestAuthorizer({
      control,
      wrongKeys,
      challenges,
      spans,
      edgeId,
      authorizeMs,
      onBlocked: (limit) => rateLimited.inc({ limit }),
    }),
};
