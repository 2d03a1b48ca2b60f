// What every service's main file does: settings, logger, version, tracing, then the life of the process.
import { createRequire } from 'node:module';
import { ConfigError } from '../config/config-error.ts';
import { warnOfUnknownVariables } from '../config/unknown-variables.ts';
import { createLogger } from '../logging/logger.ts';
import { startTracing } from '../tracing/start-tracing.ts';
import { readTracingSettings } from '../tracing/tracing-settings.ts';
import { runService } from './run-service.ts';
import { ServiceProcess } from './service-process.ts';
import type { ServiceParts, ServiceSettings } from './service-process.ts';

type Environment = Readonly<Record<string, string | undefined>>;

export interface ServiceProcessOptions<S extends ServiceSettings, P extends object> {
  /** Stands in each log line and in metrics. */
  readonly service: string;
  /** The `import.meta.url` of the main file: the version is in the package.json above its folder. */
  readonly mainUrl: string;
  readonly environment: Environment;
  /** Checks the environment. `parse` throws a ConfigError that names every bad variable. */
  readonly settings: { parse(environment: Environment): S };
  /** How long a stop may take in all, in milliseconds. */
  readonly gracePeriodMs: (settings: S) => number;
  /** Loads what the service consists of, once its settings are known to be good. */
  readonly load: () => Promise<ServiceParts<S, P, object>>;
}

/** Runs a service as a process of its own until a signal ends it. Bad settings end it with code 1 and their own words. */
export async function runServiceProcess<S extends ServiceSettings, P extends object>(
  options: ServiceProcessOptions<S, P>,
): Promise<void> {
  const { service, mainUrl, environment, load, gracePeriodMs } = options;
  try {
    const settings = options.settings.parse(environment);
    const tracing = readTracingSettings();
    const logger = createLogger({ service, level: settings.logLevel, pretty: settings.logPretty });
    warnOfUnknownVariables(environment, logger);
    const { version } = createRequire(mainUrl)('../package.json') as { version: string };
    const { instanceId } = settings;
    const traces = await startTracing({ settings: tracing, service, version, instanceId, logger });
    const { tracer } = traces;
    const running = new ServiceProcess(await load(), { service, version, settings, logger, tracer });
    await runService({
      start: async () => void (await running.start()),
      stop: async () => {
        await running.stop();
        await traces.stop();
      },
      graceMs: gracePeriodMs(settings),
      logger,
    });
  } catch (error) {
    process.stderr.write(`${error instanceof ConfigError ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
