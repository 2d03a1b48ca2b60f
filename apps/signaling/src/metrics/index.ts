// Every metric of a signaling server, for documentation and for those who check dashboards and alerts.
import type { Metrics } from '@millrace/service-kit';
import { signalingMetrics } from './signaling-metrics.ts';

export function registerMetrics(metrics: Metrics): void {
  signalingMetrics(metrics);
}
