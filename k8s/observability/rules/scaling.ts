// The metric for the gateway's HorizontalPodAutoscaler, which needs current values and cannot compute rates of counters.
import type { RuleGroup } from './rule.ts';

const rate = (series: string): string => `sum by (namespace, pod) (rate(millrace_${series}[2m]))`;

export const scaling: RuleGroup = {
  name: 'millrace-scaling',
  rules: [
    {
      record: 'millrace_requests_per_second',
      expr: `${rate('playback_requests_total')} + ${rate('api_requests_total')}`,
      labels: {},
    },
  ],
};
