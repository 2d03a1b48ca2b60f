// A span for each publish request that reaches the control plane: from the question to the end of the publish.
import type { AuthorizePublish, AuthorizePublishAnswer } from '@millrace/control';
import type { PublishClaim } from '@millrace/domain';
import type { Span, Tracer } from '@millrace/service-kit';
import type { IngestCounts } from './ingest-counts.ts';

type Question = Omit<AuthorizePublish, 'traceparent'>;

export class PublishSpans {
  readonly #tracer: Tracer;
  /** Of granted publishes, until they end. */
  readonly #open = new WeakMap<PublishClaim, Span>();

  constructor(tracer: Tracer) {
    this.#tracer = tracer;
  }

  /** Asks within a new span. For a refused request the span ends here, otherwise in `ended`. */
  async ask(
    question: Question,
    ask: (question: AuthorizePublish) => Promise<AuthorizePublishAnswer>,
  ): Promise<AuthorizePublishAnswer> {
    const { edgeId, protocol } = question;
    const span = this.#tracer.start('publish', {
      kind: 'server',
      attributes: { 'millrace.instance_id': edgeId, 'millrace.protocol': protocol },
    });
    try {
      const { traceparent } = span;
      const answer = await this.#tracer.within(span, () => ask({ ...question, traceparent }));
      if (answer.granted) this.#granted(span, answer.claim, answer.resumed);
      else refused(span, answer.refusal);
      return answer;
    } catch (error) {
      refused(span, 'unavailable');
      throw error;
    }
  }

  /** The encoder that waited publishes with this claim from now on. */
  promoted(waiting: PublishClaim, claim: PublishClaim): void {
    const span = this.#open.get(waiting);
    if (span === undefined) return;
    this.#open.delete(waiting);
    span.set({ 'millrace.session_id': claim.sessionId, 'millrace.epoch': claim.epoch });
    this.#open.set(claim, span);
  }

  /** Idempotent: the first reason counts. */
  ended(claim: PublishClaim, reason: string, counts?: IngestCounts): void {
    const span = this.#open.get(claim);
    if (!span) return;
    this.#open.delete(claim);
    span.set({ 'millrace.outcome': reason });
    if (counts)
      span.set({
        'millrace.bytes': counts.videoBytes + counts.audioBytes + counts.dataBytes,
        'millrace.video_frames': counts.videoFrames,
        'millrace.audio_frames': counts.audioFrames,
      });
    span.end();
  }

  #granted(span: Span, claim: PublishClaim, resumed: boolean): void {
    span.set({
      'millrace.tenant_id': claim.tenantId,
      'millrace.stream_id': claim.streamId,
      'millrace.session_id': claim.sessionId,
      'millrace.epoch': claim.epoch,
      'millrace.resumed': resumed,
    });
    this.#open.set(claim, span);
  }
}

function refused(span: Span, refusal: string): void {
  span.set({ 'millrace.outcome': refusal });
  span.end({ failure: refusal });
}
