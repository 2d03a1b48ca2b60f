// Wiring only: the TURN server with the ports that it is given.
import { Module } from '@nestjs/common';
import type { DynamicModule, Provider } from '@nestjs/common';
import { RELAY_CONTROL, RelayControlClient, UsageReporter } from '@millrace/control';
import { CertificateWatcher, contextProviders, LOGGER, METRICS, TenantLabels, TRACER } from '@millrace/service-kit';
import type { Logger, Metrics, Tracer } from '@millrace/service-kit';
import type { ClientProxy } from '@nestjs/microservices';
import { turnAddresses } from './addresses.ts';
import { PortPool } from './allocation/port-pool.ts';
import { AlternateWatch } from './alternate-watch.ts';
import { checkedSettings } from './check-settings.ts';
import { systemClock } from './clock.ts';
import { Counters } from './counters.ts';
import { QuotaRegistry } from './limits/quota-registry.ts';
import { QuotaSlots } from './limits/quota-slots.ts';
import { RelayUsageMetrics } from './metrics/relay-usage-metrics.ts';
import { createTurnMetrics } from './metrics/turn-metrics.ts';
import type { TurnMetrics } from './metrics/turn-metrics.ts';
import { RelayAuthorization } from './relay-authorization.ts';
import { RelayRevocationController } from './relay-revocation.controller.ts';
import { RelayUsageReporter } from './relay-usage.ts';
import type { TurnSettings } from './settings.ts';
import {
  TURN_ADDRESSES,
  TURN_CERTIFICATE,
  TURN_CLOCK,
  TURN_COUNTERS,
  TURN_METRICS,
  TURN_SETTINGS,
} from './turn-options.ts';
import type { TurnOptions } from './turn-options.ts';
import { TurnService } from './turn.service.ts';
import { RelayWorkers } from './worker/relay-workers.ts';

/** Places of quotas outlive what threads remember by this factor. */
const KEEP_FACTOR = 4;

/** What the server counts and measures by. */
const MEASURES: Provider[] = [
  { provide: TURN_CLOCK, useFactory: systemClock },
  { provide: TURN_METRICS, inject: [METRICS], useFactory: createTurnMetrics },
  {
    provide: TenantLabels,
    inject: [METRICS, TURN_SETTINGS],
    useFactory: (metrics: Metrics, { metricsTenantLimit }: TurnSettings) =>
      new TenantLabels(metrics, metricsTenantLimit),
  },
  {
    provide: RelayUsageMetrics,
    inject: [METRICS, TURN_METRICS, TenantLabels],
    useFactory: (metrics: Metrics, { lifetime }: TurnMetrics, labels: TenantLabels) =>
      new RelayUsageMetrics(metrics, lifetime, labels),
  },
];

/** Memory that the threads share. */
const SHARED_MEMORY: Provider[] = [
  {
    provide: TURN_COUNTERS,
    inject: [TURN_SETTINGS],
    useFactory: ({ turnThreads }: TurnSettings) => Array.from({ length: turnThreads }, () => new Counters()),
  },
  {
    provide: PortPool,
    inject: [TURN_SETTINGS],
    useFactory: ({ turnRelayPortMin, turnRelayPortMax }: TurnSettings) =>
      new PortPool(turnRelayPortMin, turnRelayPortMax),
  },
  { provide: QuotaSlots, useFactory: () => new QuotaSlots() },
  {
    provide: QuotaRegistry,
    inject: [QuotaSlots, TURN_SETTINGS],
    useFactory: (slots: QuotaSlots, { turnGrantedMs, turnMaxUsersPerTenant: maxUsersPerTenant }: TurnSettings) =>
      new QuotaRegistry({ slots, keepMs: KEEP_FACTOR * turnGrantedMs, maxUsersPerTenant }),
  },
];

const CERTIFICATE: Provider = {
  provide: TURN_CERTIFICATE,
  inject: [TURN_SETTINGS, TURN_METRICS, LOGGER],
  useFactory: ({ turnTlsCertFile, turnTlsKeyFile }: TurnSettings, metrics: TurnMetrics, logger: Logger) =>
    CertificateWatcher.open({
      certificate: { variable: 'MILLRACE_TURN_TLS_CERT_FILE', file: turnTlsCertFile },
      key: { variable: 'MILLRACE_TURN_TLS_KEY_FILE', file: turnTlsKeyFile },
      metrics,
      logger,
    }),
};

const controlProviders = (control: ClientProxy): Provider[] => {
  const failing =
    ({ controlFailures }: TurnMetrics, logger: Logger) =>
    (subject: string, error: unknown) => {
      controlFailures.inc({ subject });
      logger.debug({ subject, err: error }, 'control message not delivered');
    };
  return [
    {
      provide: RELAY_CONTROL,
      inject: [TURN_METRICS, LOGGER, TRACER],
      useFactory: (metrics: TurnMetrics, logger: Logger, tracer: Tracer) =>
        new RelayControlClient(control, {
          traceparent: () => tracer.current?.traceparent,
          onError: failing(metrics, logger),
        }),
    },
    {
      provide: UsageReporter,
      inject: [TURN_METRICS, LOGGER],
      useFactory: (metrics: TurnMetrics, logger: Logger) =>
        UsageReporter.over(control, { onError: failing(metrics, logger) }),
    },
  ];
};

@Module({})
export class TurnModule {
  /** The server on these ports. It opens its own ports with the application, and drains before that ends. */
  static register(options: TurnOptions): DynamicModule {
    return {
      module: TurnModule,
      controllers: [RelayRevocationController],
      providers: [
        ...contextProviders(options),
        { provide: TURN_SETTINGS, useFactory: () => checkedSettings(options.settings) },
        { provide: TURN_ADDRESSES, inject: [TURN_SETTINGS], useFactory: turnAddresses },
        ...controlProviders(options.control),
        ...MEASURES,
        ...SHARED_MEMORY,
        CERTIFICATE,
        RelayAuthorization,
        RelayUsageReporter,
        RelayWorkers,
        AlternateWatch,
        TurnService,
      ],
      exports: [TurnService],
    };
  }
}
