// What /readyz says, as metrics: which dependency is away shows on dashboards and in alerts.
import type { Metrics } from '../metrics/metrics.ts';
import type { Readiness } from './readiness.ts';

export function readinessMetrics(metrics: Metrics, readiness: Readiness): void {
  const ready = metrics.gauge('ready', '1 while this process accepts new work.');
  const checks = metrics.gauge('ready_check', '1 while this readiness check passes.', ['check']);
  metrics.beforeCollect(() => {
    const report = readiness.report();
    ready.set(report.ready ? 1 : 0);
    // `process` comes and goes: starting, stopping.
    checks.remove('process');
    for (const [check, answer] of Object.entries(report.checks)) checks.set({ check }, answer === 'ok' ? 1 : 0);
  });
}
