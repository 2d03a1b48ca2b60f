// The metrics of ingest. Media is counted in plain numbers first: see IngestSampler.
import { ControlSubject, PULL_STATES, SourceSubject, UsageSubject } from '@millrace/control';
import { PUBLISH_REFUSALS, SESSION_WARNINGS } from '@millrace/domain';
import { certificateExpiry, TenantLabels } from '@millrace/service-kit';
import type { Logger, Metrics } from '@millrace/service-kit';
import type { DropReason } from '../publish/media-observer.ts';
import { frameBusMetrics } from './frame-bus-metrics.ts';
import { TenantIngest } from './tenant-ingest.ts';

const SESSION_BUCKETS_S = [1, 10, 60, 300, 1_800, 7_200, 28_800, 86_400];
const KEYFRAME_BUCKETS_S = [0.25, 0.5, 1, 2, 3, 4, 5, 8, 10, 20];
const FRAME_BUCKETS_S = [0.005, 0.01, 0.0175, 0.021, 0.025, 0.0345, 0.042, 0.07, 0.1, 0.25, 1];
const BITRATE_BUCKETS = [32e3, 64e3, 128e3, 256e3, 512e3, 1e6, 2e6, 3e6, 5e6, 8e6, 12e6, 20e6, 50e6];
const SKEW_BUCKETS_S = [-5, -1, -0.25, -0.1, 0, 0.1, 0.25, 1, 5];
const AUTHORIZE_BUCKETS_S = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

/** The states of an encoder's connection, in every protocol. */
export const CONNECTION_STATES = ['handshake', 'waiting', 'publishing', 'playing', 'closing'] as const;
export type ConnectionState = (typeof CONNECTION_STATES)[number];

const TRACKS = ['video', 'audio'];
const KINDS = [...TRACKS, 'data'];
const DROPS = [
  'malformed_tag',
  'malformed_frame',
  'empty_frame',
  'bad_configuration',
  'no_configuration',
  'before_keyframe',
  'lost_packets',
  'bad_composition_offset',
  'not_carried',
] satisfies readonly DropReason[];

/** @param protocols the protocols of the edge: the values of the label `protocol` */
export function createIngestMetrics(metrics: Metrics, protocols: readonly string[]) {
  const publishAttempts = metrics.counter('ingest_publish_attempts_total', 'Requests to publish.', [
    'outcome',
    'reason',
  ]);
  publishAttempts.inc({ outcome: 'granted', reason: 'none' }, 0);
  for (const reason of Object.keys(PUBLISH_REFUSALS)) publishAttempts.inc({ outcome: 'refused', reason }, 0);
  const handshakes = metrics.counter('ingest_handshakes_total', 'Connections by the outcome of their handshake.', [
    'outcome',
  ]);
  for (const outcome of ['connected', 'tls_failed', 'handshake_timeout']) handshakes.inc({ outcome }, 0);
  return {
    connections: metrics.gauge('ingest_connections', 'Open connections.', {
      protocol: protocols,
      state: CONNECTION_STATES,
    }),
    publishers: metrics.gauge('ingest_publishers', 'Encoders that are publishing.', { protocol: protocols }),
    standbys: metrics.gauge('ingest_standbys', 'Encoders that wait to take over from the one that publishes.', {
      protocol: protocols,
    }),
    promotions: metrics.counter(
      'ingest_standby_promotions_total',
      'Encoders that waited and took over, by what happened to the other one.',
      { reason: ['stopped', 'removed', 'requested'] },
    ),
    handshakes,
    refusedConnections: metrics.counter(
      'ingest_refused_connections_total',
      'Connections refused because a limit was reached.',
      {
        protocol: protocols,
      },
    ),
    publishAttempts,
    logins: metrics.counter('ingest_logins_total', 'Encoders that asked to log in with a user name and password.', {
      outcome: ['challenged', 'refused'],
    }),
    rateLimited: metrics.counter(
      'ingest_rate_limited_total',
      'Publish and login requests refused by a rate limit per address, by limit.',
      { limit: ['wrong_keys', 'logins'] },
    ),
    authorizeSeconds: metrics.histogram(
      'ingest_publish_auth_seconds',
      'Time to decide whether a key may publish.',
      AUTHORIZE_BUCKETS_S,
      { outcome: ['granted', 'refused'] },
    ),
    bytes: metrics.counter('ingest_bytes_total', 'Bytes of media and data received from encoders.', { kind: KINDS }),
    messages: metrics.counter('ingest_messages_total', 'Frames and data messages accepted.', { kind: KINDS }),
    dropped: metrics.counter('ingest_dropped_total', 'Media messages dropped instead of becoming frames, by reason.', {
      kind: TRACKS,
      reason: DROPS,
    }),
    warnings: metrics.counter('ingest_warnings_total', 'Warnings about the output of encoders.', {
      code: Object.keys(SESSION_WARNINGS),
    }),
    frameInterval: metrics.histogram(
      'ingest_frame_interval_seconds',
      'Mean interval between frames of a publisher, observed every 10 s.',
      FRAME_BUCKETS_S,
      { kind: TRACKS },
    ),
    keyframeInterval: metrics.histogram(
      'ingest_keyframe_interval_seconds',
      'Mean interval between keyframes of a publisher, observed every 10 s.',
      KEYFRAME_BUCKETS_S,
    ),
    bitrate: metrics.histogram(
      'ingest_bitrate_bits_per_second',
      'Bitrate of a publisher, observed every 10 s.',
      BITRATE_BUCKETS,
      { kind: TRACKS },
    ),
    skew: metrics.histogram(
      'ingest_av_skew_seconds',
      'Newest video timestamp minus newest audio timestamp, observed every 10 s.',
      SKEW_BUCKETS_S,
    ),
    jumps: metrics.counter('ingest_timestamp_jumps_total', 'Jumps in the timestamps of encoders.'),
    starvation: metrics.counter(
      'ingest_starvation_total',
      'Periods of 10 s without frames of a track that had frames before.',
      { kind: TRACKS },
    ),
    earlyBytes: metrics.gauge('ingest_early_bytes', 'Bytes received after publish requests that are not decided yet.'),
    earlyWaiting: metrics.gauge(
      'ingest_early_waiting_connections',
      'Connections not being read because those bytes reached their limit.',
    ),
    backpressure: metrics.counter(
      'ingest_backpressure_total',
      'Times that reading from an encoder stopped because the bus was behind.',
    ),
    sessionSeconds: metrics.histogram(
      'ingest_session_duration_seconds',
      'How long encoders published.',
      SESSION_BUCKETS_S,
    ),
    disconnects: metrics.counter('ingest_disconnects_total', 'Closed connections, by reason.', ['reason']),
    renewFailures: metrics.counter('ingest_claim_renew_failures_total', 'Failed rounds of claim renewal.'),
    releaseFailures: metrics.counter('ingest_claim_release_failures_total', 'Claims that could not be released.'),
    controlFailures: metrics.counter(
      'ingest_control_failures_total',
      'Control messages that were not delivered, by subject.',
      {
        subject: [
          ControlSubject.authorizePublish,
          ControlSubject.challengeLogin,
          ControlSubject.handOver,
          ControlSubject.timedMetadataPut,
          SourceSubject.takeSources,
          UsageSubject.reportUsage,
        ],
      },
    ),
    pulls: metrics.gauge('ingest_pulls', 'Sources that this edge pulls or tries to pull, by state.', {
      state: PULL_STATES,
    }),
    pullEnds: metrics.counter(
      'ingest_pull_ends_total',
      'Attempts to pull a source that ended: `failed` before media flowed, `lost` afterwards.',
      { outcome: ['failed', 'lost'] },
    ),
    draining: metrics.gauge('ingest_draining', '1 while this edge is draining.'),
    drainRemaining: metrics.gauge(
      'ingest_drain_remaining_publishers',
      'Publishers that a draining edge is waiting for.',
    ),
    tlsReloads: metrics.counter('ingest_tls_reloads_total', 'Reloads of the TLS certificate, by outcome.', {
      outcome: ['replaced', 'failed'],
    }),
    certificateExpiry: certificateExpiry(metrics),
  };
}

export type IngestMetrics = ReturnType<typeof createIngestMetrics>;

/** Registers every metric of an edge, for documentation and for the checks of dashboards and alerts. */
export function registerIngestMetrics(metrics: Metrics, logger: Logger, protocols: readonly string[]): void {
  createIngestMetrics(metrics, protocols);
  frameBusMetrics(metrics, logger);
  new TenantIngest(metrics, new TenantLabels(metrics, 0));
}
