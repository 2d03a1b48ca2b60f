// Wiring only: the packager with the ports that it is given.
import { Module } from '@nestjs/common';
import type { DynamicModule, Provider } from '@nestjs/common';
import { CONTROL_PLANE, ControlPlaneClient, UsageReporter } from '@millrace/control';
import { FRAME_BUS } from '@millrace/frame-bus';
import { LIVE_STORE } from '@millrace/live-store';
import type { LiveStore } from '@millrace/live-store';
import { contextProviders, LOGGER, METRICS, TRACER, watchHandedEvents } from '@millrace/service-kit';
import type { Logger, Metrics, Tracer } from '@millrace/service-kit';
import type { ClientProxy } from '@nestjs/microservices';
import { Containers, CONTAINERS } from './containers/containers.ts';
import { LogWatch } from './metrics/log-metrics.ts';
import { PackagedTime } from './metrics/packaged-time.ts';
import { packagerMetrics } from './metrics/packager-metrics.ts';
import { StoreFailures } from './metrics/store-failures.ts';
import { PACKAGER_CLOCK, PACKAGER_METRICS, PACKAGER_SETTINGS } from './packager-options.ts';
import type { PackagerOptions } from './packager-options.ts';
import { PackagerService } from './packager.service.ts';
import { PackagingSampler } from './packaging-sampler.ts';
import { systemClock } from './packaging/clock.ts';
import type { Clock } from './packaging/clock.ts';
import { Announcer } from './packaging/announcer.ts';
import { LeaseKeeper } from './packaging/lease-keeper.ts';
import { WorkFinder } from './packaging/work-finder.ts';
import { checkedSettings } from './settings.ts';
import type { PackagingSettings } from './settings.ts';
import { StreamLiveController } from './stream-live.controller.ts';
import { StreamWorkers } from './stream-workers.ts';

const controlProvider = (control: ClientProxy): Provider => ({
  provide: CONTROL_PLANE,
  inject: [LOGGER, TRACER, METRICS],
  useFactory: (logger: Logger, tracer: Tracer, metrics: Metrics) => {
    const handed = watchHandedEvents(metrics, logger);
    const client = new ControlPlaneClient(control, {
      handover: handed.handover,
      traceparent: () => tracer.current?.traceparent,
      onError: (subject, error) => logger.warn({ err: error, subject }, 'could not send an event'),
    });
    handed.follow(client);
    return client;
  },
});

const usageProvider = (control: ClientProxy): Provider => ({
  provide: UsageReporter,
  inject: [LOGGER],
  useFactory: (logger: Logger) =>
    UsageReporter.over(control, {
      onError: (subject, error) => logger.debug({ err: error, subject }, 'usage not reported; trying again'),
    }),
});

const LEASES: Provider = {
  provide: LeaseKeeper,
  inject: [LIVE_STORE, PACKAGER_CLOCK, PACKAGER_SETTINGS, StoreFailures],
  useFactory: (
    liveStore: LiveStore,
    clock: Clock,
    { leaseTtlMs: ttlMs, leaseRenewMs: renewMs }: PackagingSettings,
    failures: StoreFailures,
  ) => new LeaseKeeper({ liveStore, clock, ttlMs, renewMs, onFailure: (error) => failures.failed('renew', error) }),
};

const WORK: Provider = {
  provide: WorkFinder,
  inject: [LIVE_STORE, PACKAGER_SETTINGS, StreamWorkers, StoreFailures],
  useFactory: (liveStore: LiveStore, settings: PackagingSettings, workers: StreamWorkers, failures: StoreFailures) =>
    new WorkFinder({
      liveStore,
      pollMs: settings.workPollMs,
      spreadMs: settings.workSpreadMs,
      maxStreams: settings.packagerMaxStreams,
      streams: () => workers.size,
      areFlowing: () => workers.areFlowing(),
      onListed: (live) => workers.listed(live),
      onRound: (streamIds) => workers.roundDone(streamIds),
      take: (live) => workers.take(live),
      onFailure: (error) => failures.failed('list', error),
    }),
};

const ANNOUNCER: Provider = {
  provide: Announcer,
  inject: [LIVE_STORE, PACKAGER_SETTINGS, WorkFinder, StoreFailures],
  useFactory: (
    liveStore: LiveStore,
    { instanceId, leaseTtlMs }: PackagingSettings,
    finder: WorkFinder,
    failures: StoreFailures,
  ) =>
    new Announcer({
      liveStore,
      instanceId,
      leaseTtlMs,
      leaseOwners: async () =>
        finder.leaseOwners ?? (await liveStore.listLiveStreams()).flatMap(({ leaseOwner = [] }) => leaseOwner),
      onLeaseOwners: (callback) => (finder.onLeaseOwners = callback),
      onFailure: (error) => failures.failed('announce', error),
    }),
};

@Module({})
export class PackagerModule {
  /** The packager on these ports. It starts with the application and hands its streams over before the application ends. */
  static register(options: PackagerOptions): DynamicModule {
    return {
      module: PackagerModule,
      controllers: [StreamLiveController],
      providers: [
        ...contextProviders(options),
        { provide: PACKAGER_SETTINGS, useFactory: () => checkedSettings(options.settings) },
        { provide: PACKAGER_METRICS, inject: [METRICS], useFactory: packagerMetrics },
        { provide: PACKAGER_CLOCK, useValue: systemClock },
        { provide: FRAME_BUS, useValue: options.frameBus },
        { provide: LIVE_STORE, useValue: options.liveStore },
        { provide: Containers, useValue: options.containers ?? CONTAINERS },
        controlProvider(options.control),
        usageProvider(options.control),
        PackagedTime,
        StoreFailures,
        LogWatch,
        LEASES,
        StreamWorkers,
        WORK,
        ANNOUNCER,
        PackagingSampler,
        PackagerService,
      ],
      exports: [PackagerService],
    };
  }
}
