// Every metric of a packager, for documentation and for those who check dashboards and alerts.
import type { Metrics } from '@millrace/service-kit';
import { logMetrics } from './log-metrics.ts';
import { packagerMetrics } from './packager-metrics.ts';

export function registerMetrics(metrics: Metrics): void {
  packagerMetrics(metrics);
  logMetrics(metrics);
}
