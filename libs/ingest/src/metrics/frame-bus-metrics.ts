// The frame bus's reports about itself, as metrics and log lines.
import type { FrameDropReason, FrameBusObserver, PublishFailure } from '@millrace/frame-bus';
import type { Logger, Metrics } from '@millrace/service-kit';

const PUBLISH_BUCKETS_S = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5];

const FAILURES = ['refused', 'timeout', 'disconnected'] satisfies readonly PublishFailure[];
const DROPS = ['over-limit', 'publisher-closed', 'malformed'] satisfies readonly FrameDropReason[];

export function frameBusMetrics(metrics: Metrics, logger: Logger): FrameBusObserver {
  const seconds = metrics.histogram(
    'bus_publish_seconds',
    'Time from sending a batch of frames to its confirmation.',
    PUBLISH_BUCKETS_S,
  );
  const failures = metrics.counter('bus_publish_errors_total', 'Batches of frames that were sent again, by reason.', {
    reason: FAILURES,
  });
  const dropped = metrics.counter(
    'bus_dropped_frames_total',
    'Frames discarded before a commit mark covered them, by reason.',
    {
      reason: DROPS,
    },
  );
  const inflight = metrics.gauge('bus_inflight_bytes', 'Bytes of frames that the bus has not confirmed yet.');
  const retained = metrics.gauge('bus_retained_bytes', 'Bytes of frames kept until a commit mark covers them.');
  const retainedLimit = metrics.gauge(
    'bus_retained_limit_bytes',
    'Size of kept frames at which the oldest are discarded.',
  );
  const evicted = metrics.counter(
    'bus_evicted_frames_total',
    'Frames discarded to stay within that size before a commit mark covered them.',
  );
  return {
    publishConfirmed: (passed) => seconds.observe(passed),
    publishFailed: (reason) => failures.inc({ reason }),
    framesDropped: (count, reason) => dropped.inc({ reason }, count),
    inflightBytes: (bytes) => inflight.set(bytes),
    retainedBytes: (bytes, limitBytes) => {
      retained.set(bytes);
      retainedLimit.set(limitBytes);
    },
    framesEvicted: (count) => evicted.inc(count),
    problem: (error) => logger.warn({ err: error }, 'frame bus problem'),
  };
}
