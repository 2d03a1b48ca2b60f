// What to open first: are the promises kept, is everything there, what is going on.
import { SLOS } from '../rules/slos.ts';
import { max, rate, ratio, recorded, series, sum } from './expressions.ts';
import { stat, table, timeseries, type Dashboard, type Panel } from './panel.ts';

/** How much of the errors that 3 days allow is left. */
const budgetTile = ({ id, title, objective, promise }: (typeof SLOS)[number]): Panel =>
  stat(
    title,
    {
      shows: `Objective: ${promise}, ${objective * 100} % of the time. The number is the remaining part of the error budget of three days.`,
      act: 'Below 0 the objective is missed. The alert of this objective links to the page that says where to look.',
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
  description: 'Objectives, load, what is running, and what is wrong.',
  rows: [
    { title: 'Promises: error budget left', panels: SLOS.map(budgetTile) },
    {
      title: 'What is going on',
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
            shows: 'Approximate number of current players, without those behind a cache.',
            act: 'See Packager and playback.',
          },
          'none',
          sum(series('playback_viewers')),
          { width: 4, height: 4 },
        ),
        stat(
          'Participants in rooms',
          { shows: 'Participants whose socket is open.', act: 'See Rooms and TURN.' },
          'none',
          sum(series('signaling_peers')),
          { width: 4, height: 4 },
        ),
        stat(
          'Allocations',
          { shows: 'Allocations on all relays.', act: 'See Rooms and TURN.' },
          'none',
          sum(series('turn_allocations')),
          { width: 4, height: 4 },
        ),
        stat(
          'Bytes relayed',
          { shows: 'Bytes relayed, both directions together.', act: 'See Rooms and TURN.' },
          'Bps',
          rate('turn_relayed_bytes_total'),
          { width: 4, height: 4 },
        ),
        stat(
          'Pods not ready',
          {
            shows: 'Processes that currently accept no new work: starting, stopping, or without a dependency.',
            act: 'See "What services need" below.',
          },
          'none',
          `sum(1 - ${series('ready')})`,
          { width: 4, height: 4, thresholds: [{ color: 'yellow', from: 1 }] },
        ),
        timeseries(
          'Errors against the objectives',
          {
            shows: 'Fraction of events that failed in the last 5 minutes, for each objective.',
            act: 'Look where a line rises: its name is the dashboard to open.',
          },
          'percentunit',
          [{ expr: max(recorded('slo:millrace_error_ratio:rate5m', 'slo=~".+"'), 'slo'), legend: '{{slo}}' }],
          { minimum: 0, width: 12 },
        ),
        timeseries(
          'Errors of the API',
          {
            shows: 'Fraction of REST requests answered with 5xx.',
            act: 'See the log of gateways with the `request_id`. With PostgreSQL away, requests are answered 503.',
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
      title: 'What runs',
      panels: [
        table(
          'Versions',
          {
            shows: 'The versions that are running, and on how many pods.',
            act: 'Two versions of one component: a rollout is in progress, or stuck.',
          },
          'none',
          'count by (component, version, node) (' + series('build_info') + ')',
          { width: 12 },
        ),
        timeseries(
          'What services need',
          {
            shows: 'Whether each pod can reach NATS, Redis and its other dependencies: 1 is yes.',
            act: 'A line at 0 names the pod and what it cannot reach. All pods at once: that dependency is down.',
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
            act: 'Normal in a rollout. A process that drains for a long time is waiting for its clients: see its dashboard.',
          },
          'none',
          [{ expr: max(series('draining'), 'pod'), legend: '{{pod}}' }],
          { width: 12, minimum: 0, maximum: 1 },
        ),
        timeseries(
          'Alerts that fire',
          {
            shows: 'Millrace alerts that are firing.',
            act: 'Each has a page in docs/runbooks with its name.',
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
          'Certificates end',
          {
            shows: 'When the certificates of RTMPS and TURN over TLS expire. Pods without TLS are not shown.',
            act: 'Less than 14 days: the renewal does not work. A replaced file is read within 10 s.',
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
      title: 'The API and what gateways decide',
      panels: [
        timeseries(
          'REST requests by status',
          {
            shows: 'Requests of operators and tenants.',
            act: 'Many 401 or 404 without a cause: a scan. Requests limited by address behind a proxy: is the proxy in MILLRACE_HTTP_TRUSTED_PROXIES?',
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
            act: 'Above a second: PostgreSQL. See its load and its connections.',
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
          'What gateways decided',
          {
            shows: 'Decisions on whether keys may publish, tokens may join and user names may relay.',
            act: '`unavailable` is a fault on the server: PostgreSQL and Redis are both down, or slow.',
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
          'Rows that wait for PostgreSQL',
          {
            shows: 'Sessions and rooms that gateways could not write yet.',
            act: 'It falls once PostgreSQL is back. If a gateway dies before that, they are missing from the history.',
          },
          'none',
          [{ expr: sum(series('session_writes_pending'), 'pod'), legend: '{{pod}}' }],
          { minimum: 0, thresholds: [{ color: 'yellow', from: 100 }] },
        ),
        timeseries(
          'Webhook requests',
          {
            shows: 'Requests to webhook endpoints of tenants, by outcome.',
            act: 'Failures of one tenant are its own: look at GET /v1/webhook_deliveries?status=failed. If all fail, check DNS and outgoing traffic of gateways.',
          },
          'ops',
          [{ expr: rate('webhook_attempts_total', '', 'outcome'), legend: '{{outcome}}' }],
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
            shows: 'CPU that each process uses; 1 is one core.',
            act: 'At the pod’s limit the process is throttled, and everything else on these pages becomes slow.',
          },
          'none',
          [{ expr: sum(`rate(${series('process_cpu_seconds_total')}[$__rate_interval])`, 'pod'), legend: '{{pod}}' }],
          { minimum: 0 },
        ),
        timeseries(
          'Memory',
          {
            shows: 'Resident memory of each process.',
            act: 'Endless growth is a bug: report it with this picture.',
          },
          'bytes',
          [{ expr: sum(series('process_resident_memory_bytes'), 'pod'), legend: '{{pod}}' }],
          { minimum: 0 },
        ),
        timeseries(
          'Event loop lag',
          {
            shows: 'Delay of each process’s event loop, 99th percentile.',
            act: 'Above 0.2 s: more CPU, or more pods.',
          },
          's',
          [{ expr: max(series('nodejs_eventloop_lag_p99_seconds'), 'pod'), legend: '{{pod}}' }],
          { minimum: 0, thresholds: [{ color: 'red', from: 0.2 }] },
        ),
      ],
    },
  ],
};
