// The metrics that an edge has beside those of every ingest, for documentation and for those who check dashboards and alerts.
export { createSrtMetrics as registerMetrics } from './srt-metrics.ts';
