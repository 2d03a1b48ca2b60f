// Bootstrap and signals only: signaling alone, over NATS and Redis.
import 'reflect-metadata';
import { createRequire } from 'node:module';
import { ConfigError, createLogger, runService } from '@millrace/service-kit';
import { SignalingProcess } from './signaling-process.ts';
import { signalingSettings } from './signaling-settings.ts';

async function main(): Promise<void> {
  const settings = signalingSettings.parse(process.env);
  const logger = createLogger({ service: 'signaling', level: settings.logLevel, pretty: settings.logPretty });
  const { version } = createRequire(import.meta.url)('../package.json') as { version: string };
  const signaling = new SignalingProcess(settings, logger, version);
  await runService({
    start: () => signaling.start(),
    stop: () => signaling.stop(),
    graceMs: settings.stopGraceMs,
    logger,
  });
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof ConfigError ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
