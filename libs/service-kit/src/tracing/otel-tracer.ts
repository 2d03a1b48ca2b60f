// The tracer over the OpenTelemetry SDK. Loaded only where traces are wanted: nothing else imports the SDK.
import { AsyncLocalStorage } from 'node:async_hooks';
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, TraceFlags } from '@opentelemetry/api';
import type {
  Attributes,
  Context,
  Link,
  Span as OtelSpan,
  SpanContext,
  Tracer as OtelApiTracer,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { redactSecrets } from '../logging/guard-line.ts';
import { samplerOf } from './samplers.ts';
import { formatTraceparent, parseTraceparent } from './traceparent.ts';
import type { Span, SpanAttributes, SpanEnd, SpanOptions, Tracer } from './tracer.ts';
import type { TracingSettings } from './tracing-settings.ts';
import { WatchedExporter } from './watched-exporter.ts';

/** How long one attempt to send may take. */
const EXPORT_MS = 10_000;
const MAX_BATCH = 512;
/** Longer texts are cut: nothing that a span says needs more. */
const MAX_TEXT_LENGTH = 256;

export interface OtelTracerOptions {
  readonly settings: TracingSettings;
  /** `gateway`, `packager` and so on. */
  readonly service: string;
  readonly version: string;
  readonly instanceId: string;
  /** Told when spans cannot be sent, and when they can again. */
  readonly onExport: (failure: unknown) => void;
}

const KINDS = { server: SpanKind.SERVER, consumer: SpanKind.CONSUMER, internal: SpanKind.INTERNAL } as const;

export class OtelTracer implements Tracer {
  readonly isOn = true;
  readonly #provider: TracerProvider;
  readonly #tracer: OtelApiTracer;
  readonly #running = new AsyncLocalStorage<Span>();

  constructor(options: OtelTracerOptions) {
    const { settings, service, version } = options;
    const { otlpTracesEndpoint, traceQueueSize, traceDelayMs } = settings;
    // The exporter reads the rest of its standard variables itself: headers, certificates, compression.
    const exporter = new OTLPTraceExporter(otlpTracesEndpoint === undefined ? {} : { url: otlpTracesEndpoint });
    this.#provider = new TracerProvider({
      resource: resourceOf(options),
      sampler: samplerOf(settings),
      spanProcessors: [
        new BatchSpanProcessor({
          exporter: new WatchedExporter(exporter, options.onExport),
          maxQueueSize: traceQueueSize,
          maxExportBatchSize: Math.min(MAX_BATCH, traceQueueSize),
          scheduledDelayMillis: traceDelayMs,
          exportTimeoutMillis: EXPORT_MS,
        }),
      ],
    });
    this.#tracer = this.#provider.getTracer(`millrace-${service}`, version);
  }

  get current(): Span | undefined {
    return this.#running.getStore();
  }

  start(name: string, options: SpanOptions = {}): Span {
    const { kind = 'internal', attributes = {}, startedAtMs } = options;
    const span = this.#tracer.startSpan(
      name,
      {
        kind: KINDS[kind],
        attributes: clean(attributes),
        links: linksOf(options.links ?? []),
        ...(startedAtMs !== undefined && { startTime: startedAtMs }),
      },
      this.#parent(options.parent),
    );
    return new RecordedSpan(span);
  }

  within<T>(span: Span, work: () => T): T {
    return this.#running.run(span, work);
  }

  /** Sends what waits, and ends. */
  async close(): Promise<void> {
    await this.#provider.shutdown();
  }

  #parent(given: string | undefined): Context {
    const remote = spanContextOf(given, true);
    const parent = remote ?? spanContextOf(this.current?.traceparent, false);
    return parent === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, parent);
  }
}

class RecordedSpan implements Span {
  readonly traceparent: string;
  readonly #span: OtelSpan;
  #ended = false;

  constructor(span: OtelSpan) {
    this.#span = span;
    const { traceId, spanId, traceFlags } = span.spanContext();
    this.traceparent = formatTraceparent({ traceId, spanId, isSampled: (traceFlags & TraceFlags.SAMPLED) !== 0 });
  }

  set(attributes: SpanAttributes): void {
    this.#span.setAttributes(clean(attributes));
  }

  end({ failure, endedAtMs }: SpanEnd = {}): void {
    if (this.#ended) return;
    this.#ended = true;
    if (failure !== undefined) {
      this.#span.setStatus({ code: SpanStatusCode.ERROR });
      this.#span.setAttributes({ 'error.type': cleanText(failure) });
    }
    this.#span.end(endedAtMs);
  }
}

function spanContextOf(text: string | undefined, isRemote: boolean): SpanContext | undefined {
  const parsed = parseTraceparent(text);
  if (parsed === undefined) return undefined;
  const { traceId, spanId, isSampled } = parsed;
  return { traceId, spanId, traceFlags: isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE, isRemote };
}

function linksOf(texts: readonly (string | undefined)[]): Link[] {
  const contexts = texts.map((text) => spanContextOf(text, true));
  return contexts.filter((found) => found !== undefined).map((found) => ({ context: found }));
}

const cleanText = (text: string): string => redactSecrets(text.slice(0, MAX_TEXT_LENGTH).toWellFormed());

/** No secret, not even one that was chosen as a name or a request id. */
function clean(attributes: SpanAttributes): Attributes {
  const cleaned: Attributes = {};
  for (const [name, value] of Object.entries(attributes) as [string, string | number | boolean | undefined][])
    if (value !== undefined) cleaned[name] = typeof value === 'string' ? cleanText(value) : value;
  return cleaned;
}

/** Who speaks: what OTEL_RESOURCE_ATTRIBUTES says, then what the service knows better. */
function resourceOf({ settings, service, version, instanceId }: OtelTracerOptions) {
  return defaultResource()
    .merge(detectResources({ detectors: [envDetector] }))
    .merge(
      resourceFromAttributes({
        'service.name': settings.traceServiceName ?? `millrace-${service}`,
        'service.version': version,
        'service.instance.id': instanceId,
      }),
    );
}
