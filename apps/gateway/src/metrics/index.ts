// Every metric of a gateway, for documentation and for those who check dashboards and alerts.
import { NO_USAGE } from '@millrace/domain';
import { PlaybackMeter, PlayoutMetrics } from '@millrace/playout';
import { TenantLabels } from '@millrace/service-kit';
import type { Metrics } from '@millrace/service-kit';
import { FLV_PROTOCOLS } from '../http-flv/flv-service.ts';
import { HlsMetrics } from '../hls/hls-metrics.ts';
import { createGatewayMetrics } from '../ports/gateway-metrics.ts';
import { createRateRefusals } from '../server/api-rates.ts';
import { createHttpRefusals } from '../server/http-connection-guard.ts';
import { createHttpsMetrics } from '../server/https-listener.ts';

export function registerMetrics(metrics: Metrics): void {
  createGatewayMetrics(metrics);
  createHttpRefusals(metrics);
  createHttpsMetrics(metrics);
  createRateRefusals(metrics);
  new HlsMetrics(metrics, { bytes: 0, reads: 0 });
  new PlayoutMetrics(metrics, FLV_PROTOCOLS, () => ({ streams: 0, groupBytes: 0, queuedBytes: 0 }));
  new PlaybackMeter(metrics, new TenantLabels(metrics, 0), NO_USAGE);
}
