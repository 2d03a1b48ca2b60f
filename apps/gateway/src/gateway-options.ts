import type { ClientProxy } from '@nestjs/microservices';
import type { FrameBus } from '@millrace/frame-bus';
import type { LiveStore, PresenceStore } from '@millrace/live-store';
import type { Logger, Metrics, Readiness, Tracer } from '@millrace/service-kit';
import type { GatewaySettings } from './settings.ts';

/** What the gateway is given: it opens nothing of this itself, and closes nothing of it. */
export interface GatewayOptions {
  readonly settings: GatewaySettings;
  readonly liveStore: LiveStore;
  readonly presence: PresenceStore;
  /** Frames are only read. */
  readonly frameBus: Pick<FrameBus, 'subscribe'>;
  readonly control: ClientProxy;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly readiness: Readiness;
  /** None when not given. */
  readonly tracer?: Tracer;
}
