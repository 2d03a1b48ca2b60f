// Usage by tenant. Only these metrics have a tenant label, and only for the first tenants of each process.
import { max, series, sum } from './expressions.ts';
import { bargauge, stat, table, timeseries } from './panel.ts';
import type { Dashboard } from './panel.ts';

const TOP = 10;
const used = (name: string): string => sum(`increase(${series(name)}[$__range])`, 'tenant');
const top = (name: string): string => `topk(${TOP}, ${used(name)})`;
const pace = (name: string): string => sum(`rate(${series(name)}[$__rate_interval])`, 'tenant');

export const tenants: Dashboard = {
  uid: 'millrace-tenants',
  file: 'tenants',
  title: 'Millrace / Tenant usage',
  description:
    'Usage by tenant in the selected time range. Tenants above MILLRACE_METRICS_TENANT_LIMIT are counted as __other__.',
  rows: [
    {
      title: 'Top 10 tenants',
      panels: [
        bargauge(
          'Publish time',
          {
            shows: 'Total publish time of a tenant’s encoders.',
            act: 'For billing, use the sessions in the REST API: these numbers are approximate.',
          },
          's',
          [{ expr: top('tenant_ingest_seconds_total'), legend: '{{tenant}}' }],
        ),
        bargauge(
          'Bytes sent to viewers',
          {
            shows:
              'Bytes that gateways sent to a tenant’s viewers, not counting bytes served by a cache in front of them.',
            act: 'If one tenant is far above the others, put a cache in front, or contact the tenant.',
          },
          'bytes',
          [{ expr: top('tenant_egress_bytes_total'), legend: '{{tenant}}' }],
        ),
        bargauge(
          'Bytes relayed by TURN',
          {
            shows: 'Bytes relayed for a tenant, both directions combined. Allocations report them about once a minute.',
            act: 'Relaying is the most expensive traffic. If all of a tenant’s calls are relayed, its users are behind strict firewalls.',
          },
          'bytes',
          [{ expr: top('tenant_turn_bytes_total'), legend: '{{tenant}}' }],
        ),
      ],
    },
    {
      title: 'Current usage',
      panels: [
        timeseries(
          'Streams by tenant',
          { shows: 'Streams that a tenant is publishing.', act: 'Compare with the quota usage beside it.' },
          'none',
          [{ expr: sum(series('tenant_streams_active'), 'tenant'), legend: '{{tenant}}' }],
          { stacked: true, minimum: 0 },
        ),
        bargauge(
          'Live stream quota usage',
          {
            shows: 'Concurrent live streams of a tenant, as a fraction of its quota.',
            act: 'At 100 %, further encoders are refused with `quota`. Raise it with PATCH /v1/tenants/{tenant_id}.',
          },
          'percentunit',
          [{ expr: `topk(${TOP}, ${max(series('tenant_quota_used_ratio'), 'tenant')})`, legend: '{{tenant}}' }],
          {
            minimum: 0,
            maximum: 1,
            thresholds: [
              { color: 'yellow', from: 0.8 },
              { color: 'red', from: 1 },
            ],
          },
        ),
        timeseries(
          'Viewers by tenant',
          {
            shows: 'Approximate number of viewers, computed from watch time in steps of 15 s.',
            act: 'Nothing; use it to size gateways.',
          },
          'none',
          [{ expr: pace('tenant_viewer_seconds_total'), legend: '{{tenant}}' }],
          { stacked: true, minimum: 0 },
        ),
        timeseries(
          'Ingest throughput',
          { shows: 'Bytes received from a tenant’s encoders.', act: 'Nothing; use it to size edges and NATS.' },
          'Bps',
          [{ expr: pace('tenant_ingest_bytes_total'), legend: '{{tenant}}' }],
          { stacked: true, minimum: 0 },
        ),
        timeseries(
          'Quota rejections',
          {
            shows: 'REST requests, publish requests and joins that were refused because of a quota.',
            act: 'The gateway’s log names the tenant: raise its quota, or inform the tenant.',
          },
          'ops',
          [
            {
              expr: sum(`rate(${series('quota_rejections_total')}[$__rate_interval])`, 'kind'),
              legend: '{{kind}}',
            },
          ],
          { minimum: 0, thresholds: [{ color: 'yellow', from: 0.1 }] },
        ),
        timeseries(
          'Quotas reached',
          {
            shows: 'Tenants that reached 80 or 100 % of a quota, each counted once for each time.',
            act: 'GET /v1/quotas?tenant_id=… shows what a tenant uses: raise the quota, or inform the tenant.',
          },
          'none',
          [
            {
              expr: sum(`increase(${series('quota_levels_reached_total')}[$__rate_interval])`, 'limit, state'),
              legend: '{{limit}}: {{state}}',
            },
          ],
          { minimum: 0 },
        ),
        stat(
          'Usage lost',
          {
            shows:
              'Amounts of usage that gateways counted and could not keep until PostgreSQL took them, in the last day: there were too many.',
            act: 'Check why gateways could not reach PostgreSQL for so long; the reports of these hours are too low.',
          },
          'none',
          [{ expr: sum(`increase(${series('usage_amounts_lost_total')}[1d])`), legend: 'lost' }],
          { thresholds: [{ color: 'yellow', from: 1 }] },
        ),
        stat(
          'Tenant label limit reached',
          {
            shows:
              'Whether a process serves more tenants than MILLRACE_METRICS_TENANT_LIMIT; the rest are counted as __other__.',
            act: 'Raise MILLRACE_METRICS_TENANT_LIMIT if Prometheus can handle about five more series per tenant and pod.',
          },
          'none',
          [{ expr: max(series('tenant_limit_reached')), legend: 'limit' }],
          {
            words: { '0': { text: 'no', color: 'green' }, '1': { text: 'yes: __other__', color: 'yellow' } },
            thresholds: [{ color: 'yellow', from: 1 }],
          },
        ),
      ],
    },
    {
      title: 'All tenants',
      panels: [
        table(
          'Usage in the selected time range',
          {
            shows: 'Publish time, ingest bytes, bytes sent to viewers, watch time and relayed bytes of each tenant.',
            act: 'For details of a tenant, use `GET /v1/sessions` with the tenant’s id.',
          },
          'short',
          [
            { expr: used('tenant_ingest_seconds_total'), legend: 'published' },
            { expr: used('tenant_ingest_bytes_total'), legend: 'in' },
            { expr: used('tenant_egress_bytes_total'), legend: 'to viewers' },
            { expr: used('tenant_viewer_seconds_total'), legend: 'watched' },
            { expr: used('tenant_turn_bytes_total'), legend: 'relayed' },
          ],
          { width: 24 },
        ),
      ],
    },
  ],
};
