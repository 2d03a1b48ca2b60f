// Alerts on causes: what will break a promise, or has, in words that say where.
import type { AlertRule, RuleGroup, Severity } from './rule.ts';
import { runbookUrl } from './rule.ts';

interface Cause {
  readonly severity: Severity;
  readonly expr: string;
  readonly for: string;
  readonly summary: string;
  readonly description: string;
}

const p = (q: number, metric: string, window: string): string =>
  `histogram_quantile(${q}, sum by (namespace, le) (rate(millrace_${metric}_bucket[${window}])))`;

const DAY_S = 86_400;

/** By name: several of one name are the same thing, more and less urgent. */
export const CAUSES: Readonly<Record<string, readonly Cause[]>> = {
  IngestNoPublishersFleetwide: [
    {
      severity: 'page',
      expr:
        'sum by (namespace) (millrace_ingest_publishers) == 0 ' +
        'and sum by (namespace) (millrace_ingest_publishers offset 15m) >= 5',
      for: '5m',
      summary: 'All publishers are gone in {{ $labels.namespace }}.',
      description:
        'A quarter of an hour ago at least five encoders were publishing. The path to the edges is broken, or all were refused.',
    },
  ],
  EdgeDrainStuck: [
    {
      severity: 'ticket',
      expr: 'millrace_ingest_draining == 1 and millrace_ingest_drain_remaining_publishers > 0',
      for: '1h',
      summary: 'The edge {{ $labels.pod }} has been draining for an hour and still has publishers.',
      description: 'Encoders that do not reconnect hold it up, and the rollout waits for it.',
    },
  ],
  KeyframeIntervalTooLong: [
    {
      severity: 'info',
      expr: `${p(0.9, 'ingest_keyframe_interval_seconds', '15m')} > 8`,
      for: '15m',
      summary: 'One publisher in ten sends keyframes {{ $value | humanizeDuration }} apart.',
      description:
        'Segments end at keyframes: their viewers are far behind live and wait a long time for the first picture.',
    },
  ],
  PackagerLagHigh: [
    {
      severity: 'ticket',
      expr: `${p(0.99, 'packager_lag_seconds', '5m')} > 2`,
      for: '5m',
      summary: 'Segments are listed {{ $value | humanizeDuration }} late.',
      description: 'From the frame that ends a segment to its listing: a packager without CPU, or a slow Redis.',
    },
  ],
  PackagerFull: [
    {
      severity: 'page',
      expr: 'max by (namespace) (millrace_packager_full) == 1',
      for: '1m',
      summary: 'A stream has no packager: all are full.',
      description: 'Its viewers see nothing. Add packagers.',
    },
  ],
  PackagerPendingGrowing: [
    {
      severity: 'ticket',
      expr: 'millrace_packager_pending_bytes > 64 * 1024 * 1024 and deriv(millrace_packager_pending_bytes[5m]) > 0',
      for: '2m',
      summary: '{{ $labels.pod }} holds {{ $value | humanize1024 }}B of segments that Redis does not accept.',
      description: 'Streams of this packager do not advance until Redis accepts writes again.',
    },
  ],
  PlaylistStale: [
    {
      severity: 'ticket',
      expr: 'sum by (namespace) (rate(millrace_packager_playlist_seconds_total{state="stale"}[5m])) > 0.5',
      for: '5m',
      summary: '{{ $value | humanize }} published streams do not advance.',
      description: 'Their playlists are older than three target durations: no frames come, or no segments are listed.',
    },
  ],
  SegmentDriftHigh: [
    {
      severity: 'info',
      expr: `${p(0.9, 'packager_segment_drift_seconds', '15m')} > 4`,
      for: '15m',
      summary: 'One segment in ten is {{ $value | humanizeDuration }} longer than its target.',
      description: 'Keyframes are far apart, or video stops.',
    },
  ],
  BusLogNearLimit: [
    {
      severity: 'ticket',
      expr: 'max by (namespace, shard) (millrace_bus_log_bytes) / max by (namespace, shard) (millrace_bus_log_limit_bytes > 0) > 0.8',
      for: '5m',
      summary: 'The frame log of shard {{ $labels.shard }} is {{ $value | humanizePercentage }} full.',
      description: 'At its limit NATS drops the oldest frames early: a packager that takes over may find a gap.',
    },
  ],
  BusPublishFailing: [
    {
      severity: 'page',
      expr: 'sum by (namespace) (rate(millrace_bus_publish_errors_total[5m])) > 0.2',
      for: '5m',
      summary: 'Edges must resend frames: {{ $value | humanize }} batches a second.',
      description: 'NATS does not confirm what it is sent. Edges hold frames back and encoders will stall.',
    },
  ],
  BusFramesDropped: [
    {
      severity: 'ticket',
      expr: 'sum by (namespace) (increase(millrace_bus_dropped_frames_total{reason="over-limit"}[10m])) > 0',
      for: '1m',
      summary: '{{ $value | humanize }} frames were lost in ten minutes.',
      description: 'NATS was down for longer than edges can keep frames: viewers saw a gap.',
    },
  ],
  MarksNotDurable: [
    {
      severity: 'page',
      expr: 'min by (namespace, pod) (millrace_packager_marks_durable) == 0',
      for: '1m',
      summary: '{{ $labels.pod }} keeps commit marks only in memory: the disk does not accept them.',
      description: 'Streams continue. If NATS and Redis restart now, their segment numbers are lost.',
    },
  ],
  BusFramesEvicted: [
    {
      severity: 'ticket',
      expr: 'sum by (namespace, pod) (increase(millrace_bus_evicted_frames_total[10m])) > 0',
      for: '1m',
      summary: '{{ $labels.pod }} drops uncommitted frames: its memory for them is full.',
      description:
        'No packager commits, or too slowly. NATS still has the frames; an edge could not resend them if NATS lost them.',
    },
  ],
  LiveStoreMemoryHigh: [
    {
      severity: 'page',
      expr:
        'max by (namespace) (millrace_live_store_memory_bytes) ' +
        '/ max by (namespace) (millrace_live_store_memory_limit_bytes > 0) > 0.85',
      for: '5m',
      summary: 'Redis is {{ $value | humanizePercentage }} full.',
      description: 'At its limit it refuses segments, and no stream advances.',
    },
  ],
  DependencyAway: [
    {
      severity: 'page',
      expr: 'min by (namespace, pod, check) (millrace_ready_check{check!="process"}) == 0',
      for: '2m',
      summary: '{{ $labels.pod }} is missing {{ $labels.check }}.',
      description: 'It is not ready and gets no new work until that is back.',
    },
  ],
  DatabaseAway: [
    {
      severity: 'ticket',
      expr: 'max by (namespace) (millrace_database_up) == 0',
      for: '5m',
      summary: 'No gateway can reach PostgreSQL.',
      description: 'Live streams continue from what Redis remembers. REST changes are refused; history waits.',
    },
  ],
  SessionWritesPending: [
    {
      severity: 'ticket',
      expr: 'millrace_session_writes_pending > 500',
      for: '10m',
      summary: '{{ $value }} rows in {{ $labels.pod }} are waiting for PostgreSQL.',
      description: 'PostgreSQL is down or too slow. If this gateway stops now, their history is lost.',
    },
  ],
  EventLoopLagHigh: [
    {
      severity: 'ticket',
      expr: 'max by (namespace, pod) (millrace_nodejs_eventloop_lag_p99_seconds) > 0.2',
      for: '5m',
      summary: '{{ $labels.pod }} is {{ $value | humanizeDuration }} late with everything it does.',
      description: 'It has more work than one core can handle, or it is throttled.',
    },
  ],
  TurnCapacityHigh: [
    {
      severity: 'ticket',
      expr:
        'sum by (namespace, pod) (millrace_turn_relay_ports{state="taken"}) ' +
        '/ sum by (namespace, pod) (millrace_turn_relay_ports) > 0.8',
      for: '10m',
      summary: '{{ $value | humanizePercentage }} of the relay ports of {{ $labels.pod }} are in use.',
      description: 'When all are in use, clients get no allocation (508).',
    },
  ],
  TurnAuthFailureSpike: [
    {
      severity: 'ticket',
      expr:
        'sum by (namespace) (rate(millrace_turn_auth_failures_total{reason!="unavailable"}[5m])) > 1 ' +
        'and sum by (namespace) (rate(millrace_turn_auth_failures_total{reason!="unavailable"}[5m])) ' +
        '> 5 * sum by (namespace) (rate(millrace_turn_auth_failures_total{reason!="unavailable"}[1h] offset 10m))',
      for: '5m',
      summary: '{{ $value | humanize }} requests a second with credentials that do not work.',
      description: 'Clients use old credentials after a key rotation, or an attacker is guessing.',
    },
  ],
  CertificateExpiring: [
    {
      severity: 'page',
      expr: `millrace_tls_certificate_expiry_timestamp_seconds > 0 and millrace_tls_certificate_expiry_timestamp_seconds - time() < ${2 * DAY_S}`,
      for: '10m',
      summary: 'The certificate of {{ $labels.pod }} expires within two days.',
      description: 'RTMPS or TURN over TLS stops working then.',
    },
    {
      severity: 'ticket',
      expr: `millrace_tls_certificate_expiry_timestamp_seconds > 0 and millrace_tls_certificate_expiry_timestamp_seconds - time() < ${14 * DAY_S}`,
      for: '1h',
      summary: 'The certificate of {{ $labels.pod }} expires within two weeks.',
      description: 'It should have been renewed by now.',
    },
  ],
  TenantQuotaNearlyUsed: [
    {
      severity: 'info',
      expr: 'max by (namespace, tenant) (millrace_tenant_quota_used_ratio) >= 0.9',
      for: '10m',
      summary: '{{ $labels.tenant }} uses {{ $value | humanizePercentage }} of its live stream quota.',
      description: 'At 100 % further encoders are refused.',
    },
  ],
  MetricsSeriesCapReached: [
    {
      severity: 'info',
      expr: 'max by (namespace) (millrace_tenant_limit_reached) == 1',
      for: '10m',
      summary: 'Some tenants are counted together as __other__.',
      description: 'More tenants than MILLRACE_METRICS_TENANT_LIMIT use a process: usage by tenant is not complete.',
    },
  ],
};

const ruleOf = (alert: string, { severity, expr, for: wait, summary, description }: Cause): AlertRule => ({
  alert,
  expr,
  for: wait,
  labels: { severity, team: 'millrace' },
  annotations: { summary, description, runbook_url: runbookUrl(alert) },
});

export const causeAlerts: RuleGroup = {
  name: 'millrace-causes',
  rules: Object.entries(CAUSES).flatMap(([alert, causes]) => causes.map((cause) => ruleOf(alert, cause))),
};
