// What the gateway counts. Labels come from fixed lists: never a name, an id or an address.
import { RELAY_REFUSALS } from '@millrace/control';
import { JOIN_REFUSALS, PUBLISH_REFUSALS } from '@millrace/domain';
import type { Counter, Gauge, Histogram, Metrics } from '@millrace/service-kit';

/** Seconds; an answer from memory takes well under a millisecond, a held request up to the wait. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15];

export interface GatewayMetrics {
  readonly apiRequests: Counter<'route' | 'method' | 'status'>;
  readonly apiSeconds: Histogram<'route' | 'method'>;
  readonly publishDecisions: Counter<'outcome'>;
  readonly joinDecisions: Counter<'outcome'>;
  readonly tokenRenewals: Counter<'outcome'>;
  readonly relayDecisions: Counter<'outcome'>;
  readonly quotaRejections: Counter<'kind'>;
  readonly storeMemory: Gauge;
  readonly storeMemoryLimit: Gauge;
  readonly tenantQuota: Gauge<'tenant'>;
  readonly databaseUp: Gauge;
  readonly databaseBusy: Counter<'kind'>;
  readonly sessionWritesPending: Gauge;
  readonly webhookAttempts: Counter<'outcome'>;
  readonly publishAuthorizerAnswers: Counter<'outcome'>;
  readonly usageLost: Counter;
  readonly ingestSources: Gauge<'state'>;
  readonly quotaLevels: Counter<'limit' | 'state'>;
}

export const createGatewayMetrics = (metrics: Metrics): GatewayMetrics => ({
  apiRequests: metrics.counter('api_requests_total', 'REST requests.', ['route', 'method', 'status']),
  apiSeconds: metrics.histogram('api_request_seconds', 'Time to answer a REST request.', SECONDS, ['route', 'method']),
  publishDecisions: metrics.counter('publish_decisions_total', 'Decisions on whether a key may publish, by outcome.', {
    outcome: ['granted', ...Object.keys(PUBLISH_REFUSALS)],
  }),
  joinDecisions: metrics.counter('join_decisions_total', 'Decisions on whether a token may join, by outcome.', {
    outcome: ['granted', ...Object.keys(JOIN_REFUSALS)],
  }),
  tokenRenewals: metrics.counter(
    'token_renewals_total',
    'Requests for fresh join tokens by participants in a room, by outcome.',
    {
      outcome: ['granted', ...Object.keys(JOIN_REFUSALS)],
    },
  ),
  relayDecisions: metrics.counter('relay_decisions_total', 'Decisions on whether a user name may relay, by outcome.', {
    outcome: ['granted', ...RELAY_REFUSALS],
  }),
  quotaRejections: metrics.counter(
    'quota_rejections_total',
    'Requests refused because a tenant had reached a quota, by kind.',
    {
      kind: ['api', 'publish', 'join'],
    },
  ),
  storeMemory: metrics.gauge('live_store_memory_bytes', 'Memory used by the live store (Redis).'),
  storeMemoryLimit: metrics.gauge(
    'live_store_memory_limit_bytes',
    'Memory at which the live store (Redis) refuses segments; 0 when it has no limit.',
  ),
  tenantQuota: metrics.gauge(
    'tenant_quota_used_ratio',
    'Concurrent live streams of a tenant, as a fraction of its quota.',
    ['tenant'],
  ),
  databaseUp: metrics.gauge('database_up', '1 while PostgreSQL is available.'),
  databaseBusy: metrics.counter('database_busy_total', 'Queries that did not get a PostgreSQL connection in time.', {
    kind: ['control', 'rest'],
  }),
  sessionWritesPending: metrics.gauge(
    'session_writes_pending',
    'Rows of sessions and rooms waiting to be written to PostgreSQL.',
  ),
  webhookAttempts: metrics.counter('webhook_attempts_total', 'Requests to webhook endpoints.', {
    outcome: ['accepted', 'failed'],
  }),
  publishAuthorizerAnswers: metrics.counter(
    'publish_authorizer_answers_total',
    'Questions to tenants’ publish authorizers, by what came of them; busy: not asked, because too many of the tenant were open.',
    { outcome: ['allowed', 'refused', 'timeout', 'error', 'busy'] },
  ),
  usageLost: metrics.counter(
    'usage_amounts_lost_total',
    'Amounts of usage that were not counted because too many are waiting to be recorded.',
  ),
  ingestSources: metrics.gauge('ingest_sources', 'Ingest sources that are enabled, by whether an edge pulls them.', {
    state: ['held', 'unheld'],
  }),
  quotaLevels: metrics.counter(
    'quota_levels_reached_total',
    'Tenants that were told that they use most of a quota (`warning`) or all of it (`exceeded`), by quota.',
    ['limit', 'state'],
  ),
});
