// For each alert: series for which it fires, and the replacements for which it does not.

export interface RuleCase {
  readonly alert: string;
  /** Labels that distinguish alerts of the same name. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Series and values in promtool's notation, one value per minute. */
  readonly series: Readonly<Record<string, string>>;
  /** Replaces the series that make the alert fire. */
  readonly right: Readonly<Record<string, string>>;
  readonly at: string;
}

const NS = 'namespace="media"';
const POD = `${NS},pod="edge-1"`;
const DAY_S = 86_400;

/** A histogram whose observations are all above `bound`. */
const above = (metric: string, bound: string, next: string, count: string) => ({
  [`millrace_${metric}_bucket{${NS},le="${bound}"}`]: '0x60',
  [`millrace_${metric}_bucket{${NS},le="${next}"}`]: count,
  [`millrace_${metric}_bucket{${NS},le="+Inf"}`]: count,
});
const below = (metric: string, bound: string, count: string) => ({
  [`millrace_${metric}_bucket{${NS},le="${bound}"}`]: count,
});

export const CAUSE_CASES: readonly RuleCase[] = [
  {
    alert: 'IngestNoPublishersFleetwide',
    series: { [`millrace_ingest_publishers{${POD}}`]: '8x20 0x20' },
    right: { [`millrace_ingest_publishers{${POD}}`]: '8x40' },
    at: '28m',
  },
  {
    alert: 'IngestProtocolSilent',
    series: {
      [`millrace_ingest_publishers{namespace="doors",pod="rtsp-1",protocol="rtsp"}`]: '8x20 0x20',
      [`millrace_ingest_publishers{namespace="doors",pod="edge-1",protocol="rtmp"}`]: '8x40',
    },
    right: { [`millrace_ingest_publishers{namespace="doors",pod="rtsp-1",protocol="rtsp"}`]: '8x40' },
    at: '28m',
  },
  {
    alert: 'SrtPacketsDropped',
    series: {
      [`millrace_srt_packets_total{${POD},outcome="dropped"}`]: '0+1200x60',
      [`millrace_srt_packets_total{${POD},outcome="received"}`]: '0+60000x60',
    },
    right: { [`millrace_srt_packets_total{${POD},outcome="dropped"}`]: '0+300x60' },
    at: '40m',
  },
  {
    alert: 'EdgeDrainStuck',
    series: {
      [`millrace_ingest_draining{${POD}}`]: '1x90',
      [`millrace_ingest_drain_remaining_publishers{${POD}}`]: '2x90',
    },
    right: { [`millrace_ingest_drain_remaining_publishers{${POD}}`]: '0x90' },
    at: '65m',
  },
  {
    alert: 'IngestSourcesUnheld',
    series: { [`millrace_ingest_sources{${POD},state="unheld"}`]: '2x30' },
    right: { [`millrace_ingest_sources{${POD},state="unheld"}`]: '0x30' },
    at: '15m',
  },
  {
    alert: 'KeyframeIntervalTooLong',
    series: above('ingest_keyframe_interval_seconds', '8', '10', '0+6x60'),
    right: below('ingest_keyframe_interval_seconds', '8', '0+6x60'),
    at: '40m',
  },
  {
    alert: 'SimulcastFailing',
    series: {
      [`millrace_simulcast_targets{${POD},state="waiting"}`]: '6x30',
      [`millrace_simulcast_targets{${POD},state="error"}`]: '1x30',
      [`millrace_simulcast_targets{${POD},state="connected"}`]: '5x30',
    },
    right: { [`millrace_simulcast_targets{${POD},state="connected"}`]: '9x30' },
    at: '15m',
  },
  {
    alert: 'PackagerLagHigh',
    series: above('packager_lag_seconds', '1', '5', '0+6x60'),
    right: below('packager_lag_seconds', '1', '0+6x60'),
    at: '20m',
  },
  {
    alert: 'PackagerFull',
    series: { [`millrace_packager_full{${POD}}`]: '1x20' },
    right: { [`millrace_packager_full{${POD}}`]: '0x20' },
    at: '5m',
  },
  {
    alert: 'PackagerPendingGrowing',
    series: { [`millrace_packager_pending_bytes{${POD}}`]: '100000000+5000000x20' },
    right: { [`millrace_packager_pending_bytes{${POD}}`]: '1000000x20' },
    at: '10m',
  },
  {
    alert: 'PlaylistStale',
    series: { [`millrace_packager_playlist_seconds_total{${POD},state="stale"}`]: '0+60x40' },
    right: { [`millrace_packager_playlist_seconds_total{${POD},state="stale"}`]: '0x40' },
    at: '20m',
  },
  {
    alert: 'SegmentDriftHigh',
    series: above('packager_segment_drift_seconds', '4', '8', '0+6x60'),
    right: below('packager_segment_drift_seconds', '4', '0+6x60'),
    at: '40m',
  },
  {
    alert: 'BusLogNearLimit',
    series: {
      [`millrace_bus_log_bytes{${POD},shard="0"}`]: '460x20',
      [`millrace_bus_log_limit_bytes{${POD},shard="0"}`]: '512x20',
    },
    right: { [`millrace_bus_log_bytes{${POD},shard="0"}`]: '200x20' },
    at: '10m',
  },
  {
    alert: 'BusPublishFailing',
    series: { [`millrace_bus_publish_errors_total{${POD},reason="timeout"}`]: '0+30x20' },
    right: { [`millrace_bus_publish_errors_total{${POD},reason="timeout"}`]: '0x20' },
    at: '15m',
  },
  {
    alert: 'BusFramesDropped',
    series: { [`millrace_bus_dropped_frames_total{${POD},reason="over-limit"}`]: '0x5 90x20' },
    right: { [`millrace_bus_dropped_frames_total{${POD},reason="over-limit"}`]: '0x25' },
    at: '9m',
  },
  {
    alert: 'MarksNotDurable',
    series: { [`millrace_packager_marks_durable{${POD}}`]: '0x20' },
    right: { [`millrace_packager_marks_durable{${POD}}`]: '1x20' },
    at: '5m',
  },
  {
    alert: 'BusFramesEvicted',
    series: { [`millrace_bus_evicted_frames_total{${POD}}`]: '0x5 90x20' },
    right: { [`millrace_bus_evicted_frames_total{${POD}}`]: '0x25' },
    at: '9m',
  },
  {
    alert: 'LiveStoreMemoryHigh',
    series: {
      [`millrace_live_store_memory_bytes{${POD}}`]: '900x20',
      [`millrace_live_store_memory_limit_bytes{${POD}}`]: '1000x20',
    },
    // Without a limit there is nothing to be near to.
    right: { [`millrace_live_store_memory_limit_bytes{${POD}}`]: '0x20' },
    at: '10m',
  },
  {
    alert: 'DependencyAway',
    series: { [`millrace_ready_check{${POD},check="frame_bus"}`]: '0x20' },
    right: { [`millrace_ready_check{${POD},check="frame_bus"}`]: '1x20' },
    at: '5m',
  },
  {
    alert: 'DatabaseAway',
    series: { [`millrace_database_up{${POD}}`]: '0x20' },
    right: { [`millrace_database_up{${POD}}`]: '1x20' },
    at: '10m',
  },
  {
    alert: 'SessionWritesPending',
    series: { [`millrace_session_writes_pending{${POD}}`]: '900x20' },
    right: { [`millrace_session_writes_pending{${POD}}`]: '9x20' },
    at: '15m',
  },
  {
    alert: 'EventLoopLagHigh',
    series: { [`millrace_nodejs_eventloop_lag_p99_seconds{${POD}}`]: '0.5x20' },
    right: { [`millrace_nodejs_eventloop_lag_p99_seconds{${POD}}`]: '0.01x20' },
    at: '10m',
  },
  {
    alert: 'TurnCapacityHigh',
    series: {
      [`millrace_turn_relay_ports{${POD},state="taken"}`]: '90x20',
      [`millrace_turn_relay_ports{${POD},state="free"}`]: '10x20',
    },
    right: { [`millrace_turn_relay_ports{${POD},state="taken"}`]: '20x20' },
    at: '15m',
  },
  {
    alert: 'TurnAuthFailureSpike',
    series: { [`millrace_turn_auth_failures_total{${POD},reason="wrong_password"}`]: '0+1x90 90+300x30' },
    // Many, but no more than ever.
    right: { [`millrace_turn_auth_failures_total{${POD},reason="wrong_password"}`]: '0+300x120' },
    at: '104m',
  },
  {
    alert: 'CertificateExpiring',
    labels: { severity: 'page' },
    series: { [`millrace_tls_certificate_expiry_timestamp_seconds{${POD}}`]: `${DAY_S}x90` },
    right: { [`millrace_tls_certificate_expiry_timestamp_seconds{${POD}}`]: `${5 * DAY_S}x90` },
    at: '15m',
  },
  {
    alert: 'CertificateExpiring',
    labels: { severity: 'ticket' },
    series: { [`millrace_tls_certificate_expiry_timestamp_seconds{${POD}}`]: `${10 * DAY_S}x90` },
    // Without TLS there is none that could end.
    right: { [`millrace_tls_certificate_expiry_timestamp_seconds{${POD}}`]: '0x90' },
    at: '70m',
  },
  {
    alert: 'TenantQuotaNearlyUsed',
    series: { [`millrace_tenant_quota_used_ratio{${POD},tenant="ten_1"}`]: '0.95x20' },
    right: { [`millrace_tenant_quota_used_ratio{${POD},tenant="ten_1"}`]: '0.5x20' },
    at: '15m',
  },
  {
    alert: 'MetricsSeriesCapReached',
    series: { [`millrace_tenant_limit_reached{${POD}}`]: '1x20' },
    right: { [`millrace_tenant_limit_reached{${POD}}`]: '0x20' },
    at: '15m',
  },
];

/** For each objective: the series that count successes, and those that count failures. */
const SLO_SERIES: Readonly<Record<string, { readonly well: readonly string[]; readonly wrong: readonly string[] }>> = {
  PublishErrorBudgetBurn: {
    well: [`millrace_ingest_publish_attempts_total{${POD},outcome="granted",reason="none"}`],
    wrong: [`millrace_ingest_publish_attempts_total{${POD},outcome="refused",reason="unavailable"}`],
  },
  PlaylistErrorBudgetBurn: {
    well: [`millrace_packager_playlist_seconds_total{${POD},state="fresh"}`],
    wrong: [`millrace_packager_playlist_seconds_total{${POD},state="stale"}`],
  },
  PlaybackErrorBudgetBurn: {
    well: [
      `millrace_playback_request_seconds_count{${POD},kind="media"}`,
      `millrace_playback_request_seconds_bucket{${POD},kind="media",le="0.5"}`,
    ],
    wrong: [`millrace_playback_denied_total{${POD},reason="dependency_unavailable"}`],
  },
  JoinErrorBudgetBurn: {
    well: [
      `millrace_signaling_joins_total{${POD},outcome="joined"}`,
      `millrace_signaling_join_seconds_bucket{${POD},outcome="joined",le="2"}`,
    ],
    wrong: [`millrace_signaling_joins_total{${POD},outcome="unavailable"}`],
  },
  RelayErrorBudgetBurn: {
    well: [`millrace_turn_answers_total{${POD},method="allocate",code="0"}`],
    wrong: [`millrace_turn_answers_total{${POD},method="allocate",code="508"}`],
  },
  ApiErrorBudgetBurn: {
    well: [`millrace_api_requests_total{${POD},route="/v1/rooms",method="GET",status="200"}`],
    wrong: [`millrace_api_requests_total{${POD},route="/v1/rooms",method="GET",status="503"}`],
  },
};

const MINUTES = 200;
/** Burn rates: `factor` fires the alert of `window`, `slower` does not. */
const PACES = [
  { factor: 20, window: '1h', slower: 10 },
  { factor: 10, window: '6h', slower: 4 },
  { factor: 2, window: '3d', slower: 0.5 },
];

/** @param budgets the error budget of each alert, by its name, as a fraction of all events */
export function sloCases(budgets: Readonly<Record<string, number>>): RuleCase[] {
  return Object.entries(SLO_SERIES).flatMap(([alert, { well, wrong }]) =>
    PACES.map(({ factor, window, slower }) => {
      const all = (name: readonly string[], perMinute: number) =>
        Object.fromEntries(name.map((series) => [series, `0+${perMinute}x${MINUTES}`]));
      const at = (times: number) => all(wrong, 10_000 * (budgets[alert] ?? 0) * times);
      return {
        alert,
        labels: { window },
        series: { ...all(well, 10_000), ...at(factor) },
        right: at(slower),
        at: '3h',
      };
    }),
  );
}
