// What the packager is given, and the injection tokens of its own. It opens nothing of what it is given, and closes nothing of it.
import type { FrameBus } from '@millrace/frame-bus';
import type { LiveStore } from '@millrace/live-store';
import type { ContextValues } from '@millrace/service-kit';
import type { ClientProxy } from '@nestjs/microservices';
import type { Containers } from './containers/containers.ts';
import type { PackagingSettings } from './settings.ts';

export interface PackagerOptions extends ContextValues {
  readonly settings: PackagingSettings;
  readonly liveStore: LiveStore;
  readonly frameBus: FrameBus;
  readonly control: ClientProxy;
  /** Those of this release when not given. */
  readonly containers?: Containers;
}

export const PACKAGER_SETTINGS = Symbol('PackagerSettings');
export const PACKAGER_METRICS = Symbol('PackagerMetrics');
export const PACKAGER_CLOCK = Symbol('PackagerClock');
