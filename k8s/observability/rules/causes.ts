// Alerts on causes: conditions that will lead, or have led, to a missed objective.
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

/** By alert name. Several entries of one name are the same condition at different severities. */
const CAUSES: Readonly<Record<string, readonly Cause[]>> = {
  IngestNoPublishersFleetwide: [
    {
      severity: 'page',
      expr:
        'sum by (namespace) (millrace_ingest_publishers) == 0 ' +
        'and sum by (namespace) (millrace_ingest_publishers offset 15m) >= 5',
      for: '5m',
      summary: 'No encoder is publishing any more in {{ $labels.namespace }}.',
      description:
        'Fifteen minutes ago, at least five encoders were publishing. Either the network path to the edges is broken, or all encoders were refused or disconnected.',
    },
  ],
  IngestProtocolSilent: [
    {
      severity: 'ticket',
      expr:
        'sum by (namespace, protocol) (millrace_ingest_publishers) == 0 ' +
        'and sum by (namespace, protocol) (millrace_ingest_publishers offset 15m) >= 5 ' +
        'and on (namespace) sum by (namespace) (millrace_ingest_publishers) > 0',
      for: '5m',
      summary: 'No encoder is publishing over {{ $labels.protocol }} any more in {{ $labels.namespace }}.',
      description:
        'Fifteen minutes ago, at least five encoders were publishing over this protocol, and over others they still are. Its port, its load balancer or its edge is the likely cause.',
    },
  ],
  SrtPacketsDropped: [
    {
      severity: 'ticket',
      expr:
        'sum by (namespace, pod) (rate(millrace_srt_packets_total{outcome="dropped"}[10m])) ' +
        '> 0.01 * sum by (namespace, pod) (rate(millrace_srt_packets_total{outcome="received"}[10m]))',
      for: '15m',
      summary: 'Edge {{ $labels.pod }} gives up more than one packet of SRT in a hundred.',
      description:
        'These packets did not come within the latency, and each costs pictures up to the next keyframe. Either the latency is too short for the way, or the edge does not read its port fast enough.',
    },
  ],
  EdgeDrainStuck: [
    {
      severity: 'ticket',
      expr: 'millrace_ingest_draining == 1 and millrace_ingest_drain_remaining_publishers > 0',
      for: '1h',
      summary: 'Edge {{ $labels.pod }} has been draining for an hour and still has publishers.',
      description:
        'Encoders that do not reconnect elsewhere keep the edge from stopping, and the rollout waits for it.',
    },
  ],
  IngestSourcesUnheld: [
    {
      severity: 'ticket',
      expr: 'max by (namespace) (millrace_ingest_sources{state="unheld"}) > 0',
      for: '10m',
      summary: '{{ $value }} ingest sources are pulled by no edge.',
      description:
        'Their streams are offline, although the sources are enabled: edges are full, missing, or cannot ask gateways.',
    },
  ],
  KeyframeIntervalTooLong: [
    {
      severity: 'info',
      expr: `${p(0.9, 'ingest_keyframe_interval_seconds', '15m')} > 8`,
      for: '15m',
      summary: 'One publisher in ten has a keyframe interval of {{ $value | humanizeDuration }} or more.',
      description:
        'Segments end at keyframes, so their viewers are far behind live and wait a long time for playback to start.',
    },
  ],
  SimulcastFailing: [
    {
      severity: 'ticket',
      expr:
        'sum by (namespace) (millrace_simulcast_targets{state=~"waiting|error"}) >= 5 ' +
        'and sum by (namespace) (millrace_simulcast_targets{state=~"waiting|error"}) ' +
        '> 0.5 * sum by (namespace) (millrace_simulcast_targets)',
      for: '10m',
      summary:
        '{{ $value }} simulcast targets, more than half of all, are not sent their streams in {{ $labels.namespace }}.',
      description:
        'Wrong stream keys of some tenants do not look like this: the way from the edges to other servers is broken, or a service that many use is down.',
    },
  ],
  PackagerLagHigh: [
    {
      severity: 'ticket',
      expr: `${p(0.99, 'packager_lag_seconds', '5m')} > 2`,
      for: '5m',
      summary: 'Segments are listed {{ $value | humanizeDuration }} late.',
      description:
        'Time from the frame that ends a segment until the segment is listed. A packager lacks CPU, or Redis is slow.',
    },
  ],
  PackagerFull: [
    {
      severity: 'page',
      expr: 'max by (namespace) (millrace_packager_full) == 1',
      for: '1m',
      summary: 'A stream has no packager: all packagers are full.',
      description: 'Its viewers see nothing. Add packagers.',
    },
  ],
  PackagerPendingGrowing: [
    {
      severity: 'ticket',
      expr: 'millrace_packager_pending_bytes > 64 * 1024 * 1024 and deriv(millrace_packager_pending_bytes[5m]) > 0',
      for: '2m',
      summary: '{{ $labels.pod }} holds {{ $value | humanize1024 }}B of segments that Redis does not accept.',
      description: 'The streams of this packager do not advance until Redis accepts writes again.',
    },
  ],
  PlaylistStale: [
    {
      severity: 'ticket',
      expr: 'sum by (namespace) (rate(millrace_packager_playlist_seconds_total{state="stale"}[5m])) > 0.5',
      for: '5m',
      summary: '{{ $value | humanize }} published streams do not advance.',
      description:
        'Their playlists are older than three target durations: no frames arrive, or no segments are listed.',
    },
  ],
  SegmentDriftHigh: [
    {
      severity: 'info',
      expr: `${p(0.9, 'packager_segment_drift_seconds', '15m')} > 4`,
      for: '15m',
      summary: 'One segment in ten is {{ $value | humanizeDuration }} longer than its target.',
      description: 'Keyframe intervals are too long, or video stops.',
    },
  ],
  BusLogNearLimit: [
    {
      severity: 'ticket',
      expr: 'max by (namespace, shard) (millrace_bus_log_bytes) / max by (namespace, shard) (millrace_bus_log_limit_bytes > 0) > 0.8',
      for: '5m',
      summary: 'The frame log of shard {{ $labels.shard }} is {{ $value | humanizePercentage }} full.',
      description:
        'At the limit NATS drops the oldest frames early, and a packager that takes over a stream may find a gap.',
    },
  ],
  BusPublishFailing: [
    {
      severity: 'page',
      expr: 'sum by (namespace) (rate(millrace_bus_publish_errors_total[5m])) > 0.2',
      for: '5m',
      summary: 'Edges resend {{ $value | humanize }} batches of frames per second.',
      description: 'NATS does not acknowledge frames. If this lasts, encoders stall and frames are lost.',
    },
  ],
  BusFramesDropped: [
    {
      severity: 'ticket',
      expr: 'sum by (namespace) (increase(millrace_bus_dropped_frames_total{reason="over-limit"}[10m])) > 0',
      for: '1m',
      summary: '{{ $value | humanize }} frames were lost in the last 10 minutes.',
      description: 'NATS was down for longer than edges can keep frames, and viewers saw a gap.',
    },
  ],
  MarksNotDurable: [
    {
      severity: 'page',
      expr: 'min by (namespace, pod) (millrace_packager_marks_durable) == 0',
      for: '1m',
      summary: '{{ $labels.pod }} keeps commit marks in memory only: they cannot be written to disk.',
      description: 'Streams continue. If NATS and Redis both restart now, their segment numbers are lost.',
    },
  ],
  BusFramesEvicted: [
    {
      severity: 'ticket',
      expr: 'sum by (namespace, pod) (increase(millrace_bus_evicted_frames_total[10m])) > 0',
      for: '1m',
      summary: '{{ $labels.pod }} drops uncommitted frames: the memory for them is full.',
      description:
        'Packagers do not commit, or not fast enough. NATS still has the frames, but the edge could not resend them if NATS lost them.',
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
      description: 'At its limit Redis refuses segments, and no stream advances.',
    },
  ],
  DependencyAway: [
    {
      severity: 'page',
      expr: 'min by (namespace, pod, check) (millrace_ready_check{check!="process"}) == 0',
      for: '2m',
      summary: '{{ $labels.pod }} fails its readiness check {{ $labels.check }}.',
      description: 'The pod gets no new work until the check passes.',
    },
  ],
  DatabaseAway: [
    {
      severity: 'ticket',
      expr: 'max by (namespace) (millrace_database_up) == 0',
      for: '5m',
      summary: 'No gateway can reach PostgreSQL.',
      description:
        'Live streams continue from the data cached in Redis. REST changes are refused, and session history is written later.',
    },
  ],
  SessionWritesPending: [
    {
      severity: 'ticket',
      expr: 'millrace_session_writes_pending > 500',
      for: '10m',
      summary: '{{ $labels.pod }} has {{ $value }} rows waiting to be written to PostgreSQL.',
      description:
        'PostgreSQL is down or too slow. If this gateway stops now, the session history in these rows may be lost.',
    },
  ],
  EventLoopLagHigh: [
    {
      severity: 'ticket',
      expr: 'max by (namespace, pod) (millrace_nodejs_eventloop_lag_p99_seconds) > 0.2',
      for: '5m',
      summary: 'The event loop of {{ $labels.pod }} is {{ $value | humanizeDuration }} behind.',
      description: 'The process has more work than one core can handle, or its CPU limit throttles it.',
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
      description: 'When all are in use, allocations are refused with 508.',
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
      summary: '{{ $value | humanize }} TURN requests per second fail authentication.',
      description: 'Clients use old credentials after a key rotation, or an attacker is guessing passwords.',
    },
  ],
  CertificateExpiring: [
    {
      severity: 'page',
      expr: `millrace_tls_certificate_expiry_timestamp_seconds > 0 and millrace_tls_certificate_expiry_timestamp_seconds - time() < ${2 * DAY_S}`,
      for: '10m',
      summary: 'The certificate of {{ $labels.pod }} expires within two days.',
      description: 'RTMPS or TURN over TLS then stops working.',
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
      description: 'At 100 %, further encoders are refused.',
    },
  ],
  MetricsSeriesCapReached: [
    {
      severity: 'info',
      expr: 'max by (namespace) (millrace_tenant_limit_reached) == 1',
      for: '10m',
      summary: 'Some tenants are counted together as __other__.',
      description:
        'A process serves more tenants than MILLRACE_METRICS_TENANT_LIMIT, so usage by tenant is incomplete.',
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
