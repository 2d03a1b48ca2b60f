// What every service's main file does: settings, logger, version, then the life of the process.
import { createRequire } from 'node:module';
import { ConfigError } from '../config/config-error.ts';
import { warnOfUnknownVariables } from '../config/unknown-variables.ts';
import { createLogger, type Logger } from '../logging/logger.ts';
import { startTracing } from '../tracing/start-tracing.ts';
import type { Tracer } from '../tracing/tracer.ts';
import { readTracingSettings } from '../tracing/tracing-settings.ts';
import { runService } from './run-service.ts';

/** What each service lets its operator set of its process. */
export interface ProcessSettings {
  readonly logLevel: string;
  readonly logPretty: boolean;
  readonly instanceId: string;
}

export interface ServiceProcess {
  start(): Promise<unknown>;
  stop(): Promise<void>;
}

export interface ProcessOptions<S extends ProcessSettings> {
  /** Stands in each log line and in metrics. */
  readonly service: string;
  /** The `import.meta.url` of the main file: the version stands in the package.json above its folder. */
  readonly mainUrl: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Checks the environment. @throws {ConfigError} that names every bad variable */
  readonly readSettings: (environment: Readonly<Record<string, string | undefined>>) => S;
  /** How long a stop may take in all, in milliseconds. */
  readonly gracePeriodMs: (settings: S) => number;
  /** Loads and makes the service: what is traced of it can be traced from its first step on. */
  readonly create: (settings: S, logger: Logger, version: string, tracer: Tracer) => Promise<ServiceProcess>;
}

/** Runs a service as a process of its own until a signal ends it. Bad settings end it with code 1 and their own words. */
export async function runProcess<S extends ProcessSettings>(options: ProcessOptions<S>): Promise<void> {
  const { service, mainUrl, environment, readSettings, create, gracePeriodMs } = options;
  try {
    const settings = readSettings(environment);
    const tracing = readTracingSettings();
    const logger = createLogger({ service, level: settings.logLevel, pretty: settings.logPretty });
    warnOfUnknownVariables(environment, logger);
    const { version } = createRequire(mainUrl)('../package.json') as { version: string };
    const { instanceId } = settings;
    const traces = await startTracing({ settings: tracing, service, version, instanceId, logger });
    const running = await create(settings, logger, version, traces.tracer);
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
