// What signaling is given: it opens nothing of this itself, and closes nothing of it.
import type { RoomBus } from '@millrace/control';
import type { PresenceStore } from '@millrace/live-store';
import type { Logger, Metrics, Readiness, Tracer } from '@millrace/service-kit';
import type { ClientProxy } from '@nestjs/microservices';
import type { SignalingSettings } from './settings.ts';

/** The settings that signaling itself reads. */
export type RoomsSettings = Omit<
  SignalingSettings,
  'natsUrl' | 'redisUrl' | 'logLevel' | 'logPretty' | 'metricsHost' | 'metricsPort'
>;

export interface SignalingOptions {
  readonly settings: RoomsSettings;
  readonly presence: PresenceStore;
  readonly roomBus: RoomBus;
  readonly control: ClientProxy;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly readiness: Readiness;
  /** None when not given. */
  readonly tracer?: Tracer;
}

/** The injection token of the options. */
export const SIGNALING_OPTIONS = Symbol('SignalingOptions');
