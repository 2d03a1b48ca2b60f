// What to open first: are the promises kept, is everything there, what is going on.
import { SLOS } from '../rules/slos.ts';
import { max, rate, ratio, recorded, series, sum } from './expressions.ts';
import { stat, table, timeseries, type Dashboard, type Panel } from './panel.ts';

/** How much of the errors that 3 days allow is left. */
const budgetTile = ({ id, title, objective, promise }: (typeof SLOS)[number]): Panel =>
  stat(
    title,
    {
      shows: `Objective: ${promise}, ${objective * 100} % of the time. The number is how much of the errors that three days allow is left.`,
      act: 'Below 0 the promise is broken. The alert of this objective links to the page that says where to look.',
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
  description: 'Objectives, how much is going on, what runs, what is wrong.',
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
            shows: 'Players that watch now; roughly, without those behind a cache.',
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
          { shows: 'What relays carry, both directions.', act: 'See Rooms and TURN.' },
          'Bps',
          rate('turn_relayed_bytes_total'),
          { width: 4, height: 4 },
        ),
        stat(
          'Pods not ready',
          {
            shows: 'Processes that take no new work now: starting, stopping, or without something that they need.',
            act: 'See "What services need" below.',
          },
          'none',
          `sum(1 - ${series('ready')})`,
          { width: 4, height: 4, thresholds: [{ color: 'yellow', from: 1 }] },
        ),
        timeseries(
          'Errors against the objectives',
          {
            shows: 'The part of events that went wrong in the last 5 minutes, for each objective.',
            act: 'A line that leaves the floor is where to look: its name is the dashboard to open.',
          },
          'percentunit',
          [{ expr: max(recorded('slo:millrace_error_ratio:rate5m', 'slo=~".+"'), 'slo'), legend: '{{slo}}' }],
          { minimum: 0, width: 12 },
        ),
        timeseries(
          'Errors of the API',
          {
            shows: 'REST requests that were answered with 5xx, as a part of all.',
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
            shows: 'Which version of what runs, and how many pods.',
            act: 'Two versions of one component: a rollout is on its way, or stuck.',
          },
          'none',
          'count by (component, version, node) (' + series('build_info') + ')',
          { width: 12 },
        ),
        timeseries(
          'What services need',
          {
            shows: 'For each pod whether NATS, Redis and the like are there: 1 is yes.',
            act: 'A line at 0 names the pod and what it misses. All pods at once: that thing is down.',
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
            shows: 'Processes that are being stopped, or were told to drain: 1 is yes.',
            act: 'Normal in a rollout. One that drains for long waits for what it carries: see the dashboard of its kind.',
          },
          'none',
          [{ expr: max(series('draining'), 'pod'), legend: '{{pod}}' }],
          { width: 12, minimum: 0, maximum: 1 },
        ),
        timeseries(
          'Alerts that fire',
          {
            shows: 'Alerts of Millrace that fire now.',
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
            shows: 'When the certificates of RTMPS and TURN over TLS end. Pods without TLS are not shown.',
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
            act: 'Many 401 or 404 from nowhere: a scan. Limited by address behind a proxy: is it in MILLRACE_HTTP_TRUSTED_PROXIES?',
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
            shows: 'The five slowest routes, 99 of 100 requests.',
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
            shows: 'Answers to "may this key publish", "may this token join" and "may this user name relay".',
            act: '`unavailable` is ours: PostgreSQL and Redis are both away, or slow.',
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
            act: 'It falls by itself when PostgreSQL is back. A gateway that dies before loses them from the history.',
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
            act: 'At the limit of the pod it is throttled: everything else on these pages gets slow.',
          },
          'none',
          [{ expr: sum(`rate(${series('process_cpu_seconds_total')}[$__rate_interval])`, 'pod'), legend: '{{pod}}' }],
          { minimum: 0 },
        ),
        timeseries(
          'Memory',
          {
            shows: 'Resident memory of each process.',
            act: 'Growing without end is a fault of ours: report it with this picture.',
          },
          'bytes',
          [{ expr: sum(series('process_resident_memory_bytes'), 'pod'), legend: '{{pod}}' }],
          { minimum: 0 },
        ),
        timeseries(
          'Event loop lag',
          {
            shows: 'How late each process’s event loop is, at worst 1 of 100 times.',
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
