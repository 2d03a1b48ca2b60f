export { ONE_STREAM_TABLES } from './dashboards/one-stream.ts';
export { ruleFile, RULE_FILES } from './files.ts';
export { isProcessMetric, metricOf, panelExpressions, ruleExpressions, seriesNames } from './used-metrics.ts';
