// Every metric of ingest, by its name. What a peer sends is counted in plain numbers first: see IngestSampler.
import type { Metrics } from '@millrace/service-kit';

const SESSION_BUCKETS_S = [1, 10, 60, 300, 1_800, 7_200, 28_800, 86_400];
const KEYFRAME_BUCKETS_S = [0.25, 0.5, 1, 2, 3, 4, 5, 8, 10, 20];
const FRAME_BUCKETS_S = [0.005, 0.01, 0.0175, 0.021, 0.025, 0.0345, 0.042, 0.07, 0.1, 0.25, 1];
const BITRATE_BUCKETS = [32e3, 64e3, 128e3, 256e3, 512e3, 1e6, 2e6, 3e6, 5e6, 8e6, 12e6, 20e6, 50e6];
const SKEW_BUCKETS_S = [-5, -1, -0.25, -0.1, 0, 0.1, 0.25, 1, 5];
const AUTHORIZE_BUCKETS_S = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

export function createIngestMetrics(metrics: Metrics) {
  return {
    connections: metrics.gauge('ingest_connections', 'Open connections.', ['protocol', 'state']),
    publishers: metrics.gauge('ingest_publishers', 'Encoders that publish now.', ['protocol']),
    handshakes: metrics.counter('ingest_handshakes_total', 'Connections by the outcome of their handshake.', [
      'outcome',
    ]),
    refusedConnections: metrics.counter('ingest_refused_connections_total', 'Connections over a limit.', ['protocol']),
    publishAttempts: metrics.counter('ingest_publish_attempts_total', 'Requests to publish.', ['outcome', 'reason']),
    authorizeSeconds: metrics.histogram(
      'ingest_publish_auth_seconds',
      'How long it took to say whether a key may publish.',
      AUTHORIZE_BUCKETS_S,
      ['outcome'],
    ),
    bytes: metrics.counter('ingest_bytes_total', 'Bytes of RTMP messages.', ['kind']),
    messages: metrics.counter('ingest_messages_total', 'Frames and data messages that were taken.', ['kind']),
    dropped: metrics.counter('ingest_dropped_total', 'Messages that became no frame.', ['kind', 'reason']),
    frameInterval: metrics.histogram(
      'ingest_frame_interval_seconds',
      'Mean distance of frames of a publisher, observed every 10 s.',
      FRAME_BUCKETS_S,
      ['kind'],
    ),
    keyframeInterval: metrics.histogram(
      'ingest_keyframe_interval_seconds',
      'Mean distance of keyframes of a publisher, observed every 10 s.',
      KEYFRAME_BUCKETS_S,
    ),
    bitrate: metrics.histogram(
      'ingest_bitrate_bits_per_second',
      'Bitrate of a publisher, observed every 10 s.',
      BITRATE_BUCKETS,
      ['kind'],
    ),
    skew: metrics.histogram(
      'ingest_av_skew_seconds',
      'Newest video timestamp minus newest audio timestamp, observed every 10 s.',
      SKEW_BUCKETS_S,
    ),
    jumps: metrics.counter('ingest_timestamp_jumps_total', 'Jumps of encoders’ clocks.'),
    starvation: metrics.counter(
      'ingest_starvation_total',
      'Periods of 10 s in which a track that had frames before had none.',
      ['kind'],
    ),
    backpressure: metrics.counter('ingest_backpressure_total', 'How often reading stopped because the bus was behind.'),
    sessionSeconds: metrics.histogram('ingest_session_duration_seconds', 'Length of publishes.', SESSION_BUCKETS_S),
    disconnects: metrics.counter('ingest_disconnects_total', 'Ended connections.', ['reason']),
    renewFailures: metrics.counter('ingest_claim_renew_failures_total', 'Rounds of claim renewal that failed.'),
    releaseFailures: metrics.counter('ingest_claim_release_failures_total', 'Claims that could not be given back.'),
    controlFailures: metrics.counter('ingest_control_failures_total', 'Control messages not delivered.', ['subject']),
    draining: metrics.gauge('ingest_draining', '1 while this edge drains.'),
    drainRemaining: metrics.gauge('ingest_drain_remaining_publishers', 'Publishers that a draining edge waits for.'),
    tlsReloads: metrics.counter('ingest_tls_reloads_total', 'Changes of the certificate.', ['outcome']),
  };
}

export type IngestMetrics = ReturnType<typeof createIngestMetrics>;
