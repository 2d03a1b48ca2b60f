// A span for each segment that viewers can have: from when it was made until it was committed. It links to the publish.
import type { PublishClaim } from '@millrace/domain';
import type { Tracer } from '@millrace/service-kit';
import type { FinishedSegment } from '../packaging/finished-segment.ts';

/** A segment of one publish may be committed when the next one is known already. */
const REMEMBERED_PUBLISHES = 2;

export interface SegmentSpansOptions {
  readonly tracer: Tracer;
  readonly instanceId: string;
  readonly monotonicMs: () => number;
  readonly wallMs: () => number;
}

export class SegmentSpans {
  readonly #options: SegmentSpansOptions;
  /** The span of each publish, by epoch; the oldest first. */
  readonly #publishes = new Map<number, string | undefined>();

  constructor(options: SegmentSpansOptions) {
    this.#options = options;
  }

  committed(segments: readonly FinishedSegment[], claim: PublishClaim): void {
    if (!this.#options.tracer.isOn) return;
    this.#remember(claim);
    for (const segment of segments) this.#tell(segment, claim);
  }

  #remember({ epoch, traceparent }: PublishClaim): void {
    this.#publishes.set(epoch, traceparent);
    const oldest = this.#publishes.keys().next();
    if (this.#publishes.size > REMEMBERED_PUBLISHES && !oldest.done) this.#publishes.delete(oldest.value);
  }

  #tell(segment: FinishedSegment, { tenantId, streamId }: PublishClaim): void {
    const { tracer, instanceId, monotonicMs, wallMs } = this.#options;
    const { position, sessionId, mediaSequence } = segment.before;
    const sinceMs = monotonicMs() - segment.finishedAtMs + segment.buildMs;
    const span = tracer.start('segment', {
      links: [this.#publishes.get(position.epoch)],
      startedAtMs: wallMs() - sinceMs,
      attributes: {
        'millrace.tenant_id': tenantId,
        'millrace.stream_id': streamId,
        'millrace.session_id': sessionId,
        'millrace.instance_id': instanceId,
        'millrace.epoch': position.epoch,
        'millrace.media_sequence': mediaSequence,
        'millrace.media_ms': segment.durationMs,
        'millrace.bytes': segment.bytes.length,
        'millrace.outcome': segment.cut,
      },
    });
    span.end();
  }
}
