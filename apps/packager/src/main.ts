// Bootstrap and signals only: the packager alone, over NATS and Redis.
import 'reflect-metadata';
import { createRequire } from 'node:module';
import { ConfigError, createLogger, runService } from '@millrace/service-kit';
import { packagerSettings } from './packager-settings.ts';
import { PackagerProcess } from './packager-process.ts';

async function main(): Promise<void> {
  const settings = packagerSettings.parse(process.env);
  const logger = createLogger({ service: 'packager', level: settings.logLevel, pretty: settings.logPretty });
  const { version } = createRequire(import.meta.url)('../package.json') as { version: string };
  const packager = new PackagerProcess(settings, logger, version);
  await runService({
    start: () => packager.start(),
    stop: () => packager.stop(),
    graceMs: settings.stopGraceMs,
    logger,
  });
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof ConfigError ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
