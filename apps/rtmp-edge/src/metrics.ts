// Every metric of an edge, for documentation and for those who check dashboards and alerts.
import { NO_USAGE } from '@millrace/domain';
import { registerIngestMetrics } from '@millrace/ingest';
import { PlaybackMeter, PlayoutMetrics, SimulcastMetrics } from '@millrace/playout';
import { TenantLabels } from '@millrace/service-kit';
import type { Logger, Metrics } from '@millrace/service-kit';
import { INGEST_PROTOCOLS, PROTOCOLS } from './protocols.ts';

export function registerMetrics(metrics: Metrics, logger: Logger): void {
  registerIngestMetrics(metrics, logger, INGEST_PROTOCOLS);
  new PlayoutMetrics(metrics, PROTOCOLS, () => ({ streams: 0, groupBytes: 0, queuedBytes: 0 }));
  new PlaybackMeter(metrics, new TenantLabels(metrics, 0), NO_USAGE);
  new SimulcastMetrics(metrics, () => []);
}
