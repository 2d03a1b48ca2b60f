// Every metric of a gateway, for documentation and for those who check dashboards and alerts.
import { TenantLabels, type Metrics } from '@millrace/service-kit';
import { HlsMetrics } from '../hls/hls-metrics.ts';
import { TenantPlayback } from '../hls/tenant-playback.ts';
import { ViewerCount } from '../hls/viewer-count.ts';
import { createRateRefusals } from '../http/api-rates.ts';
import { createHttpRefusals } from '../http/http-door.ts';
import { createGatewayMetrics } from './gateway-metrics.ts';

export function registerMetrics(metrics: Metrics): void {
  createGatewayMetrics(metrics);
  createHttpRefusals(metrics);
  createRateRefusals(metrics);
  new HlsMetrics(metrics, new ViewerCount(), { bytes: 0, reads: 0 });
  new TenantPlayback(metrics, new TenantLabels(metrics, 0));
}
