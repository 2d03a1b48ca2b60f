// The port behind which traces are made. What a service does is told in spans; where they go, it does not know.

/** What a span may say. A closed list: no key, no address, no token has a name here. */
export interface SpanAttributes {
  readonly 'millrace.tenant_id'?: string;
  readonly 'millrace.stream_id'?: string;
  readonly 'millrace.session_id'?: string;
  readonly 'millrace.room_id'?: string;
  readonly 'millrace.participant_id'?: string;
  readonly 'millrace.request_id'?: string;
  /** Which process did it: an edge, a packager, a signaling server, a relay. */
  readonly 'millrace.instance_id'?: string;
  readonly 'millrace.epoch'?: number;
  /** The session, or the place in a room, was there before and goes on. */
  readonly 'millrace.resumed'?: boolean;
  /** How it ended, or why it was refused: one of a bounded set. */
  readonly 'millrace.outcome'?: string;
  readonly 'millrace.protocol'?: string;
  readonly 'millrace.bytes'?: number;
  readonly 'millrace.video_frames'?: number;
  readonly 'millrace.audio_frames'?: number;
  readonly 'millrace.media_sequence'?: number;
  readonly 'millrace.media_ms'?: number;
  /** Bytes from the client to its peers, and from them to the client. */
  readonly 'millrace.sent_bytes'?: number;
  readonly 'millrace.received_bytes'?: number;
  readonly 'http.request.method'?: string;
  readonly 'http.route'?: string;
  readonly 'http.response.status_code'?: number;
  readonly 'messaging.destination.name'?: string;
}

export interface SpanOptions {
  readonly kind?: 'server' | 'consumer' | 'internal';
  /** The W3C `traceparent` of the caller, as it came. Without one, or with a malformed one, the current span. */
  readonly parent?: string | undefined;
  /** The `traceparent`s of spans that belong to this one but did not ask for it. */
  readonly links?: readonly (string | undefined)[];
  readonly attributes?: SpanAttributes;
  /** Wall clock; now when not given. */
  readonly startedAtMs?: number;
}

export interface SpanEnd {
  /** Why it failed: one of a bounded set. */
  readonly failure?: string | undefined;
  /** Wall clock; now when not given. */
  readonly endedAtMs?: number;
}

export interface Span {
  /** What to hand on, so that another service's span becomes a child of this one. Undefined where tracing is off. */
  readonly traceparent: string | undefined;
  set(attributes: SpanAttributes): void;
  /** Idempotent: the first end counts. */
  end(end?: SpanEnd): void;
}

export interface Tracer {
  /** False where tracing is off: what only traces need can be left out. */
  readonly isOn: boolean;
  /** The span in which the caller runs. */
  readonly current: Span | undefined;
  start(name: string, options?: SpanOptions): Span;
  /** Runs something in a span: also what it does later has this span as its current one. */
  within<T>(span: Span, work: () => T): T;
}

const NO_SPAN: Span = { traceparent: undefined, set: () => undefined, end: () => undefined };

/** Where no traces are wanted. Costs nothing. */
export const NO_TRACER: Tracer = {
  isOn: false,
  current: undefined,
  start: () => NO_SPAN,
  within: (_span, work) => work(),
};

/** Runs something in a span of its own, which ends with it. What it throws makes the span a failed one. */
export async function traced<T>(
  tracer: Tracer,
  name: string,
  options: SpanOptions,
  work: (span: Span) => Promise<T>,
): Promise<T> {
  const span = tracer.start(name, options);
  try {
    return await tracer.within(span, () => work(span));
  } catch (error) {
    span.end({ failure: failureOf(error) });
    throw error;
  } finally {
    span.end();
  }
}

/** A word for an error that names no peer: its code when it has one, else its class. */
export function failureOf(error: unknown): string {
  if (!(error instanceof Error)) return 'error';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}
