// Every metric of a TURN server, for documentation and for those who check dashboards and alerts.
import { TenantLabels } from '@millrace/service-kit';
import type { Metrics } from '@millrace/service-kit';
import { PortPool } from '../allocation/port-pool.ts';
import { RelayUsageMetrics } from './relay-usage-metrics.ts';
import { collectCounters, createTurnMetrics } from './turn-metrics.ts';

export function registerMetrics(metrics: Metrics): void {
  const { lifetime } = createTurnMetrics(metrics);
  new RelayUsageMetrics(metrics, lifetime, new TenantLabels(metrics, 0));
  collectCounters(metrics, [], new PortPool(1, 1));
}
