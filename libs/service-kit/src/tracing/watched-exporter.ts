// Exports spans; when they do not arrive, the operator is told, and no client.
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace';

type Result = Parameters<Parameters<SpanExporter['export']>[1]>[0];
/** `ExportResultCode.SUCCESS` of @opentelemetry/core. */
const SUCCESS: Result['code'] = 0;

export class WatchedExporter implements SpanExporter {
  readonly #exporter: SpanExporter;
  readonly #onExport: (failure: unknown) => void;

  /** @param onExport told of each attempt: undefined when it went well */
  constructor(exporter: SpanExporter, onExport: (failure: unknown) => void) {
    this.#exporter = exporter;
    this.#onExport = onExport;
  }

  export(spans: ReadableSpan[], done: (result: Result) => void): void {
    this.#exporter.export(spans, (result) => {
      this.#onExport(result.code === SUCCESS ? undefined : (result.error ?? new Error('spans were not accepted')));
      // The processor would only tell the process at large; these spans are gone either way.
      done({ code: SUCCESS });
    });
  }

  forceFlush(): Promise<void> {
    return this.#exporter.forceFlush?.() ?? Promise.resolve();
  }

  shutdown(): Promise<void> {
    return this.#exporter.shutdown();
  }
}
