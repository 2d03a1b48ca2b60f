// The dashboard to open first: error budgets, load, dependencies and the API.
import { SLOS } from '../rules/slos.ts';
import { max, rate, ratio, recorded, series, sum } from './expressions.ts';
import { stat, table, timeseries } from './panel.ts';
import type { Dashboard, Panel } from './panel.ts';

/** The part of the error budget of the last 3 days that is left. */
const budgetTile = ({ id, title, objective, promise }: (typeof SLOS)[number]): Panel =>
  stat(
    title,
    {
      shows: `Objective: ${promise}, ${objective * 100} % of the time. The value is the part of the three-day error budget that is left.`,
      act: 'Below 0, the objective is missed. The alert for this objective links to its runbook.',
    },
    'percentunit',
    [
      {
        expr: `1 - ${max(recorded('slo:millrace_error_ratio:rate3d', `slo="${id}"`))} / ${(1 - objective).toFixed(6)}`,
        legend: 'budget left',
      },
    ],
    {
      width: 4,
      height: 4,
      base: 'red',
      thresholds: [{ color: 'yellow', from: 0 }],
      decimals: 1,
      maximum: 1,
    },
  );

export const overview: Dashboard = {
  uid: 'millrace-overview',
  file: 'overview',
  title: 'Millrace / Overview',
  description: 'Error budgets, load, running versions, dependencies and firing alerts.',
  rows: [
    { title: 'Error budget remaining', panels: SLOS.map(budgetTile) },
    {
      title: 'Load and errors',
      panels: [
        stat(
          'Publishers',
          { shows: 'Encoders that are publishing.', act: 'See Ingest.' },
          'none',
          sum(series('ingest_publishers')),
          { width: 4, height: 4 },
        ),
        stat(
          'Viewers',
          {
            shows: 'Approximate number of current viewers, not counting those behind a cache.',
            act: 'See Packager and playback.',
          },
          'none',
          sum(series('playback_viewers')),
          { width: 4, height: 4 },
        ),
        stat(
          'Room participants',
          { shows: 'Participants with an open WebSocket.', act: 'See Rooms and TURN.' },
          'none',
          sum(series('signaling_peers')),
          { width: 4, height: 4 },
        ),
        stat(
          'Active allocations',
          { shows: 'TURN allocations on all relays.', act: 'See Rooms and TURN.' },
          'none',
          sum(series('turn_allocations')),
          { width: 4, height: 4 },
        ),
        stat(
          'Relay throughput',
          { shows: 'Bytes relayed per second, both directions combined.', act: 'See Rooms and TURN.' },
          'Bps',
          rate('turn_relayed_bytes_total'),
          { width: 4, height: 4 },
        ),
        stat(
          'Pods not ready',
          {
            shows: 'Processes that do not accept new work: starting, stopping, or missing a dependency.',
            act: 'See "Dependency health" below.',
          },
          'none',
          `sum(1 - ${series('ready')})`,
          { width: 4, height: 4, thresholds: [{ color: 'yellow', from: 1 }] },
        ),
        timeseries(
          'SLO error ratio',
          {
            shows: 'Fraction of events that failed in the last 5 minutes, for each objective.',
            act: 'The legend of a rising line names the objective; open the dashboard that covers it.',
          },
          'percentunit',
          [{ expr: max(recorded('slo:millrace_error_ratio:rate5m', 'slo=~".+"'), 'slo'), legend: '{{slo}}' }],
          { minimum: 0, width: 12 },
        ),
        timeseries(
          'API error ratio',
          {
            shows: 'Fraction of REST requests answered with 5xx.',
            act: 'Search the gateway logs for the `request_id`. While PostgreSQL is down, requests are answered with 503.',
          },
          'percentunit',
          [
            {
              expr: ratio(`${rate('api_requests_total', 'status=~"5.."')} or vector(0)`, rate('api_requests_total')),
              legend: '5xx',
            },
          ],
          { minimum: 0, width: 12, thresholds: [{ color: 'red', from: 0.01 }] },
        ),
      ],
    },
    {
      title: 'Deployment',
      panels: [
        table(
          'Versions',
          {
            shows: 'The versions that are running, and on how many pods.',
            act: 'Two versions of one component mean that a rollout is in progress or stuck.',
          },
          'none',
          'count by (component, version, node) (' + series('build_info') + ')',
          { width: 12 },
        ),
        timeseries(
          'Dependency health',
          {
            shows: 'Whether each pod can reach NATS, Redis and its other dependencies: 1 is yes.',
            act: 'The legend of a line at 0 names the pod and the dependency it cannot reach. If all pods are affected, that dependency is down.',
          },
          'none',
          [
            { expr: `min by (pod, check) (${series('ready_check')})`, legend: '{{pod}} {{check}}' },
            { expr: `min by (pod) (${series('database_up')})`, legend: '{{pod}} postgres' },
          ],
          { width: 12, minimum: 0, maximum: 1 },
        ),
        timeseries(
          'Draining',
          {
            shows: 'Processes that are stopping or draining: 1 is yes.',
            act: 'Normal during a rollout. A process that drains for a long time is waiting for its clients: see its dashboard.',
          },
          'none',
          [{ expr: max(series('draining'), 'pod'), legend: '{{pod}}' }],
          { width: 12, minimum: 0, maximum: 1 },
        ),
        timeseries(
          'Firing alerts',
          {
            shows: 'Millrace alerts that are firing.',
            act: 'Each alert has a runbook with its name in docs/runbooks.',
          },
          'none',
          [
            {
              expr: 'count by (alertname, severity) (ALERTS{alertstate="firing",team="millrace"}) or vector(0)',
              legend: '{{severity}} {{alertname}}',
            },
          ],
          { width: 12, minimum: 0 },
        ),
        stat(
          'Certificate expiry',
          {
            shows: 'When the certificates of RTMPS and TURN over TLS expire. Pods without TLS are not shown.',
            act: 'Less than 14 days means that renewal has failed. A replaced file is read within 10 s.',
          },
          'dateTimeFromNow',
          [
            {
              expr: `1000 * (${max(series('tls_certificate_expiry_timestamp_seconds'), 'pod')} > 0)`,
              legend: '{{pod}}',
            },
          ],
          { width: 12 },
        ),
      ],
    },
    {
      title: 'API and authorization',
      panels: [
        timeseries(
          'Certificate reloads',
          {
            shows: 'How often gateways reloaded their HTTPS certificate, or failed to, in the last day.',
            act: '`failed`: the certificate and key in the Secret do not match or cannot be read. The old pair stays in use until it expires.',
          },
          'none',
          [{ expr: sum(`increase(${series('http_tls_reloads_total')}[1d])`, 'outcome'), legend: '{{outcome}}' }],
          { minimum: 0 },
        ),
        timeseries(
          'REST requests by status',
          {
            shows: 'REST requests from operators and tenants.',
            act: 'An unexplained rise in 401 or 404 is usually a scan. If clients behind a proxy are limited by address, check that the proxy is in MILLRACE_HTTP_TRUSTED_PROXIES.',
          },
          'reqps',
          [
            { expr: rate('api_requests_total', '', 'status'), legend: '{{status}}' },
            { expr: rate('api_rate_limited_total', '', 'reason'), legend: 'limited by {{reason}}' },
            { expr: rate('http_connections_refused_total', '', 'reason'), legend: 'connections refused: {{reason}}' },
            { expr: rate('database_busy_total', '', 'kind'), legend: 'no connection to PostgreSQL: {{kind}}' },
          ],
          { stacked: true, minimum: 0 },
        ),
        timeseries(
          'Slowest routes',
          {
            shows: 'The five slowest routes, 99th percentile.',
            act: 'Above 1 s, check the load and connections of PostgreSQL.',
          },
          's',
          [
            {
              expr: `topk(5, histogram_quantile(0.99, ${sum(`rate(${series('api_request_seconds_bucket')}[$__rate_interval])`, 'le', 'method', 'route')}))`,
              legend: '{{method}} {{route}}',
            },
          ],
          { minimum: 0 },
        ),
        timeseries(
          'Authorization decisions',
          {
            shows: 'Authorization of publish keys, room tokens and TURN user names, by outcome.',
            act: '`unavailable` is a server-side failure: PostgreSQL and Redis are both down or slow.',
          },
          'ops',
          [
            { expr: rate('publish_decisions_total', '', 'outcome'), legend: 'publish {{outcome}}' },
            { expr: rate('join_decisions_total', '', 'outcome'), legend: 'join {{outcome}}' },
            { expr: rate('relay_decisions_total', '', 'outcome'), legend: 'relay {{outcome}}' },
          ],
          { minimum: 0 },
        ),
        timeseries(
          'Pending database writes',
          {
            shows: 'Rows of sessions and rooms that gateways have not written to PostgreSQL yet.',
            act: 'It falls once PostgreSQL is back. If a gateway dies before that, its rows are missing from the history.',
          },
          'none',
          [{ expr: sum(series('session_writes_pending'), 'pod'), legend: '{{pod}}' }],
          { minimum: 0, thresholds: [{ color: 'yellow', from: 100 }] },
        ),
        timeseries(
          'Events on their way to gateways',
          {
            shows:
              'Events that services without a database have handed over and no gateway has written yet; and those dropped.',
            act: 'It falls once a gateway and PostgreSQL answer again. Dropped events are lost: a tenant had more than fit in the queue.',
          },
          'none',
          [
            { expr: sum(series('handed_events_pending'), 'pod'), legend: 'waiting {{pod}}' },
            {
              expr: sum(`increase(${series('handed_events_dropped_total')}[$__rate_interval])`, 'pod'),
              legend: 'dropped {{pod}}',
            },
          ],
          { minimum: 0, thresholds: [{ color: 'yellow', from: 100 }] },
        ),
        timeseries(
          'Webhook delivery attempts',
          {
            shows: 'Requests to tenants’ webhook endpoints, by outcome.',
            act: 'If one tenant’s deliveries fail, its endpoint is at fault: see GET /v1/webhook_deliveries?status=failed. If all fail, check DNS and outbound traffic of the gateways.',
          },
          'ops',
          [{ expr: rate('webhook_attempts_total', '', 'outcome'), legend: '{{outcome}}' }],
          { minimum: 0 },
        ),
        timeseries(
          'Answers of publish authorizers',
          {
            shows: 'What came of asking tenants’ own endpoints whether an encoder may publish.',
            act: 'The log of a gateway names the tenant and the fault of each timeout and error; the tenant can repeat it with POST …/publish_authorizer/test. If all fail, check DNS and outbound traffic of the gateways.',
          },
          'ops',
          [{ expr: rate('publish_authorizer_answers_total', '', 'outcome'), legend: '{{outcome}}' }],
          { minimum: 0 },
        ),
      ],
    },
    {
      title: 'Processes',
      panels: [
        timeseries(
          'CPU',
          {
            shows: 'CPU usage of each process; 1 is one core.',
            act: 'At the pod’s CPU limit the process is throttled, and all latencies rise.',
          },
          'none',
          [{ expr: sum(`rate(${series('process_cpu_seconds_total')}[$__rate_interval])`, 'pod'), legend: '{{pod}}' }],
          { minimum: 0 },
        ),
        timeseries(
          'Memory',
          {
            shows: 'Resident memory of each process.',
            act: 'Unbounded growth is a bug: please report it with this graph.',
          },
          'bytes',
          [{ expr: sum(series('process_resident_memory_bytes'), 'pod'), legend: '{{pod}}' }],
          { minimum: 0 },
        ),
        timeseries(
          'Event loop lag',
          {
            shows: 'Delay of each process’s event loop, 99th percentile.',
            act: 'Above 0.2 s, add CPU or pods.',
          },
          's',
          [{ expr: max(series('nodejs_eventloop_lag_p99_seconds'), 'pod'), legend: '{{pod}}' }],
          { minimum: 0, thresholds: [{ color: 'red', from: 0.2 }] },
        ),
      ],
    },
  ],
};
