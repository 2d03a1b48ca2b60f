// A tracer that sends to a collector of its own, as a service would.
import { createLogger } from '../logging/logger.ts';
import { startTracing } from '../tracing/start-tracing.ts';
import type { Tracing } from '../tracing/start-tracing.ts';
import { tracingSettings } from '../tracing/tracing-settings.ts';
import { TraceCollector } from './trace-collector.ts';

export interface TestTracing extends Tracing {
  readonly collector: TraceCollector;
  readonly logs: string[];
}

/** @param env further variables, by their standard names */
export async function startTestTracing(
  service: string,
  env: Readonly<Record<string, string>> = {},
): Promise<TestTracing> {
  const collector = await TraceCollector.start();
  const logs: string[] = [];
  const tracing = await startTracing({
    settings: tracingSettings.parse({
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${collector.url}/v1/traces`,
      OTEL_BSP_SCHEDULE_DELAY: '20',
      ...env,
    }),
    service,
    version: '1.2.3',
    instanceId: `${service}-1`,
    logger: createLogger({ service, level: 'info', destination: { write: (line) => void logs.push(line) } }),
  });
  return {
    collector,
    logs,
    tracer: tracing.tracer,
    stop: async () => {
      await tracing.stop();
      await collector.stop();
    },
  };
}
