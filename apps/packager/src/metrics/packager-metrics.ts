// What the packager counts. Labels come from bounded sets of our own words.
import type { Metrics } from '@millrace/service-kit';
import type { CutReason } from '../packaging/finished-segment.ts';
import type { LeftOutReason } from '../packaging/left-out.ts';
import type { StartPlan } from '../packaging/start-plan.ts';

const SHORT_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const SEGMENT_SECONDS = [0.25, 0.5, 1, 1.5, 1.9, 2.1, 2.5, 3, 4, 5, 6, 8, 10, 15];
const DRIFT_SECONDS = [-2, -1, -0.5, -0.1, 0, 0.1, 0.5, 1, 2, 4, 8];
const AGE_SECONDS = [0.5, 1, 2, 3, 4, 6, 8, 10, 15, 30, 60];
const START_SECONDS = [1, 2, 2.5, 3, 4, 5, 6, 8, 10, 15, 30];

const CUTS = [
  'keyframe',
  'duration',
  'bytes',
  'configuration',
  'timeline',
  'gap',
  'end',
  'epoch',
  'session',
] satisfies readonly CutReason[];
const STARTS = ['follow', 'rebuild', 'after-mark', 'new-session', 'first'] satisfies readonly StartPlan['kind'][];
const LEFT_OUT = ['kind', 'codec', 'track'] satisfies readonly LeftOutReason[];
const CALLS = ['commit', 'mark', 'read_store', 'read_bus', 'renew', 'list', 'acquire', 'release', 'announce'];

export type PackagerMetrics = ReturnType<typeof packagerMetrics>;

/** The packager's metrics; asking twice gives the same ones. */
export function packagerMetrics(metrics: Metrics) {
  return {
    streams: metrics.gauge('packager_streams', 'Streams whose lease this packager holds.'),
    pendingFrames: metrics.gauge(
      'packager_pending_messages',
      'Media frames received from the bus and not committed yet.',
    ),
    pendingBytes: metrics.gauge('packager_pending_bytes', 'Bytes of segments waiting for the live store.'),
    marksDurable: metrics.gauge('packager_marks_durable', '0 while commit marks are kept only in memory.'),
    full: metrics.gauge('packager_full', '1 while a stream has no packager and this one has no capacity for it.'),
    lag: metrics.histogram(
      'packager_lag_seconds',
      'Time from the frame that ends a segment until the segment is listed.',
      SHORT_SECONDS,
    ),
    parts: metrics.counter('packager_parts_total', 'Parts of segments listed before their segment was whole.'),
    partLag: metrics.histogram(
      'packager_part_lag_seconds',
      'Time from the end of a part until the part is listed.',
      SHORT_SECONDS,
    ),
    segmentDuration: metrics.histogram(
      'packager_segment_duration_seconds',
      'Duration of committed segments.',
      SEGMENT_SECONDS,
    ),
    segmentDrift: metrics.histogram(
      'packager_segment_drift_seconds',
      'Duration of committed segments minus the target duration.',
      DRIFT_SECONDS,
    ),
    segmentBuild: metrics.histogram(
      'packager_segment_build_seconds',
      'Time to build a segment from its frames.',
      SHORT_SECONDS,
    ),
    segments: metrics.counter('packager_segments_total', 'Committed segments, by what ended them.', {
      reason: CUTS,
    }),
    discontinuities: metrics.counter(
      'packager_discontinuities_total',
      'Segments after which the timeline or the tracks change, by reason.',
      { reason: CUTS },
    ),
    gaps: metrics.counter('packager_gaps_total', 'Gaps found in the frame log.'),
    gapFrames: metrics.counter('packager_gap_frames_total', 'Frames known to be missing from the frame log.'),
    gapSeconds: metrics.counter('packager_gap_seconds_total', 'Time missing between segments because of gaps.'),
    droppedFrames: metrics.counter(
      'packager_dropped_frames_total',
      'Media frames left out of segments: before the first keyframe, without configuration, or damaged.',
    ),
    abandoned: metrics.counter(
      'packager_abandoned_segments_total',
      'Segments that could not be built from their frames.',
    ),
    leftOutFrames: metrics.counter(
      'packager_left_out_frames_total',
      'Frames of a kind, a codec or a track that this release does not package.',
      { reason: LEFT_OUT },
    ),
    playlistAge: metrics.histogram(
      'packager_playlist_age_seconds',
      'Time since the last commit of each published stream, observed once a second.',
      AGE_SECONDS,
    ),
    playlistSeconds: metrics.counter(
      'packager_playlist_seconds_total',
      'Stream-seconds of live playlists: fresh while the last commit is less than three target durations old.',
      { state: ['fresh', 'stale'] },
    ),
    firstSegment: metrics.histogram(
      'packager_time_to_first_segment_seconds',
      'Time from the start of a session to its first listed segment.',
      START_SECONDS,
    ),
    storeWrite: metrics.histogram(
      'packager_redis_write_seconds',
      'Time that the live store takes for a write.',
      SHORT_SECONDS,
      { op: ['commit'] },
    ),
    failures: metrics.counter('packager_failures_total', 'Failed calls to the live store or the frame bus.', {
      op: CALLS,
    }),
    starts: metrics.counter('packager_starts_total', 'Times that packaging of a stream started, by starting point.', {
      from: STARTS,
    }),
    leasesLost: metrics.counter(
      'packager_leases_lost_total',
      'Leases lost to another packager or because they expired.',
    ),
  };
}
