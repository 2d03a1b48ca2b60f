// Every metric of an edge, for documentation and for those who check dashboards and alerts.
import { registerIngestMetrics } from '@millrace/ingest';
import type { Logger, Metrics } from '@millrace/service-kit';
import { PROTOCOLS } from './protocols.ts';

export function registerMetrics(metrics: Metrics, logger: Logger): void {
  registerIngestMetrics(metrics, logger, PROTOCOLS);
}
