// Wiring only: `EdgePlayback` as a provider of an edge's own module.
import { CONTROL_PLANE, UsageReporter } from '@millrace/control';
import type { ControlPlane } from '@millrace/control';
import { FRAME_BUS } from '@millrace/frame-bus';
import type { FrameBus } from '@millrace/frame-bus';
import { LIVE_STORE } from '@millrace/live-store';
import type { LiveStore } from '@millrace/live-store';
import { LOGGER, METRICS, TenantLabels } from '@millrace/service-kit';
import type { Logger, Metrics } from '@millrace/service-kit';
import { EdgePlayback } from './edge-playback.ts';
import type { EdgePlaybackOptions } from './edge-playback.ts';

/** What each edge has settings of its own for. */
type OwnOptions = Pick<EdgePlaybackOptions, 'edgeId' | 'settings' | 'authorizeMs' | 'waitMs' | 'mergeMs'>;

/**
 * @param settings the token of the edge's settings
 * @param optionsOf reads them
 */
export function edgePlaybackProvider<Settings>(
  settings: symbol,
  protocols: readonly string[],
  optionsOf: (settings: Settings) => OwnOptions,
) {
  return {
    provide: EdgePlayback,
    inject: [settings, CONTROL_PLANE, FRAME_BUS, LIVE_STORE, METRICS, TenantLabels, UsageReporter, LOGGER],
    useFactory: (
      own: Settings,
      control: ControlPlane,
      frames: FrameBus,
      store: LiveStore,
      metrics: Metrics,
      labels: TenantLabels,
      { ledger: usage }: UsageReporter,
      logger: Logger,
    ) => new EdgePlayback({ control, frames, store, metrics, labels, usage, logger, protocols, ...optionsOf(own) }),
  };
}
