// Bootstrap and signals only.
import 'reflect-metadata';
import { createRequire } from 'node:module';
import { ConfigError, createLogger, runService } from '@millrace/service-kit';
import { turnProcessSettings } from './process-settings.ts';
import { TurnProcess } from './turn-process.ts';

async function main(): Promise<void> {
  const settings = turnProcessSettings.parse(process.env);
  const logger = createLogger({ service: 'turn', level: settings.logLevel, pretty: settings.logPretty });
  const { version } = createRequire(import.meta.url)('../package.json') as { version: string };
  const turn = new TurnProcess(settings, logger, version);
  const start = async () => void (await turn.start());
  await runService({ start, stop: () => turn.stop(), graceMs: settings.stopGraceMs, logger });
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof ConfigError ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
