// Bootstrap and signals only.
import { createRequire } from 'node:module';
import {
  ConfigError,
  createLogger,
  gracePeriodMs,
  runService,
  startTracing,
  readTracingSettings,
  warnOfUnknownVariables,
} from '@millrace/service-kit';
import { DataFolderError } from './data-folder/data-folder-error.ts';
import { parseCommandLine, UnknownOption, USAGE } from './launch/command-line-options.ts';
import type { LaunchOptions } from './launch/command-line-options.ts';
import { PortsTaken } from './launch/ports-free.ts';
import { PostgresError } from './postgres/postgres-error.ts';

/** Of the whole grace time this much is for the database, after the services have used theirs. */
const DATABASE_STOP_MS = 15_000;

async function run(launch: LaunchOptions): Promise<void> {
  // Loaded only now: all services together take a second, which a word about options need not.
  const [{ drainTimes, standaloneSettings, withDerivedDefaults }, { Standalone }, { localAddresses }] =
    await Promise.all([import('./settings.ts'), import('./standalone.ts'), import('./calls/call-addresses.ts')]);
  const settings = standaloneSettings.parse(withDerivedDefaults(process.env, localAddresses()));
  const logger = createLogger({ service: 'standalone', level: settings.logLevel, pretty: settings.logPretty });
  warnOfUnknownVariables(process.env, logger);
  const { version } = createRequire(import.meta.url)('../package.json') as { version: string };
  const identity = { service: 'standalone', version, instanceId: settings.instanceId };
  const traces = await startTracing({ ...identity, settings: readTracingSettings(), logger });
  const standalone = new Standalone(settings, launch, logger, version, traces.tracer);

  // The channel to `npm start` closes when that is killed: nothing is to be left behind.
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  await runService({
    start: async () => {
      try {
        console.log(`Starting with data in ${settings.dataDir}`);
        console.log(await standalone.start());
      } catch (error) {
        await standalone.stop();
        if (!isForUser(error)) throw error;
        console.error(error.message);
        process.exit(1);
      }
    },
    stop: async () => {
      console.log('Stopping…');
      await standalone.stop();
      await traces.stop();
      console.log('Stopped.');
    },
    graceMs: gracePeriodMs(settings, ...drainTimes(settings), DATABASE_STOP_MS),
    logger,
  });
}

/** What a user can mend is told in its own words, without a stack. */
const isForUser = (error: unknown): error is Error =>
  [ConfigError, UnknownOption, PortsTaken, DataFolderError, PostgresError].some((kind) => error instanceof kind);

try {
  const launch = parseCommandLine(process.argv.slice(2));
  if (launch.help) console.log(USAGE);
  else await run(launch);
} catch (error) {
  console.error(isForUser(error) ? error.message : error);
  process.exit(1);
}
