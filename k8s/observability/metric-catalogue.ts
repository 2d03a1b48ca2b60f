// Every metric that some service exports.
import { registerMetrics as gateway } from '@millrace/gateway/metrics';
import { registerMetrics as packager } from '@millrace/packager/metrics';
import { registerMetrics as edge } from '@millrace/rtmp-edge/metrics';
import { AdminServer, createLogger, Metrics, Readiness, watchHandedEvents } from '@millrace/service-kit';
import type { MetricDescription } from '@millrace/service-kit';
import { registerMetrics as signaling } from '@millrace/signaling/metrics';
import { registerMetrics as srt } from '@millrace/srt-edge/metrics';
import { registerMetrics as turn } from '@millrace/turn/metrics';

/** Without the metrics of the process, which prom-client adds. */
export function metricCatalogue(): MetricDescription[] {
  const metrics = new Metrics({ service: 'all', version: '0', processMetrics: false });
  new AdminServer({ host: '127.0.0.1', port: 0, metrics, readiness: new Readiness() });
  // What every service's drain registers.
  metrics.gauge('draining', '1 once this process has begun to drain.');
  const logger = createLogger({ level: 'silent', service: 'all' });
  // What every service without a database registers.
  watchHandedEvents(metrics, logger).follow({ pendingEvents: 0 });
  edge(metrics, logger);
  for (const register of [packager, gateway, signaling, srt, turn]) register(metrics);
  return metrics.describe();
}
