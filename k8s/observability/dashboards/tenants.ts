// Who uses how much. The label of a tenant stands on these metrics only, and only for the first tenants of each process.
import { max, series, sum } from './expressions.ts';
import { bargauge, stat, table, timeseries, type Dashboard } from './panel.ts';

const TOP = 10;
const used = (name: string): string => sum(`increase(${series(name)}[$__range])`, 'tenant');
const top = (name: string): string => `topk(${TOP}, ${used(name)})`;
const pace = (name: string): string => sum(`rate(${series(name)}[$__rate_interval])`, 'tenant');

export const tenants: Dashboard = {
  uid: 'millrace-tenants',
  file: 'tenants',
  title: 'Millrace / Tenant usage',
  description: 'Usage by tenant in the chosen time. Tenants beyond MILLRACE_METRICS_TENANT_LIMIT are __other__.',
  rows: [
    {
      title: 'The largest ten',
      panels: [
        bargauge(
          'Hours published',
          {
            shows: 'Publishing time of the encoders of a tenant.',
            act: 'For bills use the sessions of the REST API: this is a picture, not an account.',
          },
          's',
          [{ expr: top('tenant_ingest_seconds_total'), legend: '{{tenant}}' }],
        ),
        bargauge(
          'Bytes to viewers',
          {
            shows: 'Bytes that gateways sent to viewers of a tenant. A cache in front of gateways hides the rest.',
            act: 'One tenant far above the others: put a cache in front, or talk to them.',
          },
          'bytes',
          [{ expr: top('tenant_egress_bytes_total'), legend: '{{tenant}}' }],
        ),
        bargauge(
          'Bytes relayed by TURN',
          {
            shows: 'Bytes relayed for a tenant, both directions, as allocations tell it: about a minute late.',
            act: 'Relaying costs most of all. A tenant whose every call is relayed has users behind strict firewalls.',
          },
          'bytes',
          [{ expr: top('tenant_turn_bytes_total'), legend: '{{tenant}}' }],
        ),
      ],
    },
    {
      title: 'Now',
      panels: [
        timeseries(
          'Streams by tenant',
          { shows: 'Streams of a tenant that are published now.', act: 'Compare with the quota beside it.' },
          'none',
          [{ expr: sum(series('tenant_streams_active'), 'tenant'), legend: '{{tenant}}' }],
          { stacked: true, minimum: 0 },
        ),
        bargauge(
          'Quota of live streams in use',
          {
            shows: 'Live streams of a tenant as a part of how many it may have at once.',
            act: 'At 100 % further encoders are refused with `quota`. Raise it by PATCH of the tenant.',
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
            shows: 'How many viewers watch, from the time that they watched; roughly, in steps of 15 s.',
            act: 'Nothing: plan gateways by it.',
          },
          'none',
          [{ expr: pace('tenant_viewer_seconds_total'), legend: '{{tenant}}' }],
          { stacked: true, minimum: 0 },
        ),
        timeseries(
          'Bytes in',
          { shows: 'Bytes that encoders of a tenant send.', act: 'Nothing: plan edges and NATS by it.' },
          'Bps',
          [{ expr: pace('tenant_ingest_bytes_total'), legend: '{{tenant}}' }],
          { stacked: true, minimum: 0 },
        ),
        timeseries(
          'Refused by a quota',
          {
            shows: 'What quotas did not allow: REST requests, publishes, joins.',
            act: 'See which tenant in the log of the gateway; raise its quota, or tell them.',
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
        stat(
          'Tenants counted together',
          {
            shows: 'Whether some process has more tenants than it gives labels to.',
            act: 'Raise MILLRACE_METRICS_TENANT_LIMIT if Prometheus can bear it: five series more for each tenant and pod.',
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
      title: 'All',
      panels: [
        table(
          'Usage in the chosen time',
          {
            shows: 'Seconds published, bytes in, bytes to viewers, seconds watched and bytes relayed of each tenant.',
            act: 'For what a tenant did in detail: `GET /v1/sessions` with the tenant’s id.',
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
