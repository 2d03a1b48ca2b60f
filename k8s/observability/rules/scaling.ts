// What the gateway's HorizontalPodAutoscaler reads: it knows numbers of now, and no rates of counters.
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
