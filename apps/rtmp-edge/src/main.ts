// Bootstrap and signals only.
import 'reflect-metadata';
import { createRequire } from 'node:module';
import { ConfigError, createLogger, runService } from '@millrace/service-kit';
import { rtmpEdgeProcessSettings } from './process-settings.ts';
import { RtmpEdgeProcess } from './rtmp-edge-process.ts';

async function main(): Promise<void> {
  const settings = rtmpEdgeProcessSettings.parse(process.env);
  const logger = createLogger({ service: 'rtmp-edge', level: settings.logLevel, pretty: settings.logPretty });
  const { version } = createRequire(import.meta.url)('../package.json') as { version: string };
  const edge = new RtmpEdgeProcess(settings, logger, version);
  const start = async () => void (await edge.start());
  await runService({ start, stop: () => edge.stop(), graceMs: settings.stopGraceMs, logger });
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof ConfigError ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
