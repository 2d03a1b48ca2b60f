// What the packager is given: it opens nothing of this itself, and closes nothing of it.
import type { FrameBus } from '@millrace/frame-bus';
import type { LiveStore } from '@millrace/live-store';
import type { Logger, Metrics, Readiness, Tracer } from '@millrace/service-kit';
import type { ClientProxy } from '@nestjs/microservices';
import type { Containers } from './containers/containers.ts';
import type { PackagerSettings } from './settings.ts';

/** The settings that packaging itself reads. */
export type PackagingSettings = Omit<
  PackagerSettings,
  | 'natsUrl'
  | 'natsShards'
  | 'natsFramesMaxBytes'
  | 'natsReplicas'
  | 'redisUrl'
  | 'logLevel'
  | 'logPretty'
  | 'metricsHost'
  | 'metricsPort'
>;

export interface PackagerOptions {
  readonly settings: PackagingSettings;
  readonly liveStore: LiveStore;
  readonly frameBus: FrameBus;
  readonly control: ClientProxy;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly readiness: Readiness;
  /** Those of this release when not given. */
  readonly containers?: Containers;
  /** None when not given. */
  readonly tracer?: Tracer;
}

/** The injection token of the options. */
export const PACKAGER_OPTIONS = Symbol('PackagerOptions');
