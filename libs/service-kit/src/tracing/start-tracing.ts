// Traces, where they are wanted: before anything of the service is made, so that its first steps can be traced too.
import type { Logger } from '../logging/logger.ts';
import { NO_TRACER } from './tracer.ts';
import type { Tracer } from './tracer.ts';
import type { TracingSettings } from './tracing-settings.ts';

/** Of the time that a stop may take, at most this much is for sending the last spans. */
const FLUSH_MS = 1_500;

export interface TracingOptions {
  readonly settings: TracingSettings;
  readonly service: string;
  readonly version: string;
  readonly instanceId: string;
  readonly logger: Logger;
}

export interface Tracing {
  readonly tracer: Tracer;
  /** Sends the last spans, or gives up. Does not fail. */
  stop(): Promise<void>;
}

/** Without an endpoint nothing is loaded, and nothing is done. */
export async function startTracing(options: TracingOptions): Promise<Tracing> {
  const { settings, logger } = options;
  const endpoint = settings.otlpTracesEndpoint ?? settings.otlpEndpoint;
  if (endpoint === undefined || settings.sdkDisabled) return { tracer: NO_TRACER, stop: () => Promise.resolve() };
  const { OtelTracer } = await import('./otel-tracer.ts');
  const tracer = new OtelTracer({ ...options, onExport: tellOnce(logger) });
  const { origin } = new URL(endpoint);
  logger.info({ endpoint: origin, sampler: settings.tracesSampler }, 'sending traces');
  return { tracer, stop: () => flush(tracer.close(), logger) };
}

/** The first failure of a row, and that it is over. */
function tellOnce(logger: Logger): (failure: unknown) => void {
  let failing = false;
  return (failure) => {
    if (failure !== undefined && !failing) logger.warn({ err: failure }, 'cannot send traces; the service continues');
    if (failure === undefined && failing) logger.info('sending traces again');
    failing = failure !== undefined;
  };
}

async function flush(closed: Promise<void>, logger: Logger): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`the last spans were not accepted within ${FLUSH_MS} ms`)), FLUSH_MS);
  });
  try {
    await Promise.race([closed, late]);
  } catch (error) {
    logger.warn({ err: error }, 'lost the last traces');
  } finally {
    clearTimeout(timer);
  }
}
