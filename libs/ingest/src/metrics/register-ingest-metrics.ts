// Every metric of an edge, for documentation and for those who check dashboards and alerts.
import type { Logger, Metrics } from '@millrace/service-kit';
import { TenantLabels } from '@millrace/service-kit';
import { frameBusMetrics } from './frame-bus-metrics.ts';
import { createIngestMetrics } from './ingest-metrics.ts';
import { TenantIngest } from './tenant-ingest.ts';

export function registerIngestMetrics(metrics: Metrics, logger: Logger, protocols: readonly string[]): void {
  createIngestMetrics(metrics, protocols);
  frameBusMetrics(metrics, logger);
  new TenantIngest(metrics, new TenantLabels(metrics, 0));
}
