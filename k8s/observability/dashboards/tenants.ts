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
            act: 'For billing use the sessions of the REST API: this is an overview, not an account.',
          },
          's',
          [{ expr: top('tenant_ingest_seconds_total'), legend: '{{tenant}}' }],
        ),
        bargauge(
          'Bytes to viewers',
          {
            shows: 'Bytes that gateways sent to the viewers of a tenant. A cache in front of gateways hides the rest.',
            act: 'If one tenant is far above the others, put a cache in front, or contact the tenant.',
          },
          'bytes',
          [{ expr: top('tenant_egress_bytes_total'), legend: '{{tenant}}' }],
        ),
        bargauge(
          'Bytes relayed by TURN',
          {
            shows:
              'Bytes relayed for a tenant, both directions together, as allocations report them: about a minute late.',
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
          { shows: 'Streams of a tenant that are being published.', act: 'Compare with the quota beside it.' },
          'none',
          [{ expr: sum(series('tenant_streams_active'), 'tenant'), legend: '{{tenant}}' }],
          { stacked: true, minimum: 0 },
        ),
        bargauge(
          'Quota of live streams in use',
          {
            shows: 'Concurrent live streams of a tenant, as a fraction of its quota.',
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
            shows: 'Approximate number of viewers, computed from their watching time in steps of 15 s.',
            act: 'Nothing: size gateways by it.',
          },
          'none',
          [{ expr: pace('tenant_viewer_seconds_total'), legend: '{{tenant}}' }],
          { stacked: true, minimum: 0 },
        ),
        timeseries(
          'Bytes in',
          { shows: 'Bytes that the encoders of a tenant send.', act: 'Nothing: size edges and NATS by it.' },
          'Bps',
          [{ expr: pace('tenant_ingest_bytes_total'), legend: '{{tenant}}' }],
          { stacked: true, minimum: 0 },
        ),
        timeseries(
          'Refused by a quota',
          {
            shows: 'Requests refused by a quota: REST requests, publish requests, joins.',
            act: 'The log of the gateway names the tenant: raise its quota, or inform the tenant.',
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
            shows: 'Whether a process has more tenants than it has labels for.',
            act: 'Raise MILLRACE_METRICS_TENANT_LIMIT if Prometheus can handle it: five more series per tenant and pod.',
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
            act: 'For the details of a tenant: `GET /v1/sessions` with the tenant’s id.',
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
