// Bootstrap and signals only: the gateway alone, over NATS, Redis and PostgreSQL.
import { createNatsControlClient, natsControlServer } from '@millrace/control';
import { createRedisLiveStore, createRedisPresence } from '@millrace/live-store';
import { AdminServer, createLogger, Metrics, Readiness, runService } from '@millrace/service-kit';
import { createRequire } from 'node:module';
import { createGatewayApp } from './gateway-app.ts';
import { GatewayModule } from './gateway.module.ts';
import { Installation } from './installation/installation.ts';
import { writeOperatorKey } from './installation/operator-key-file.ts';
import { gatewaySettings } from './settings.ts';

/** Each request of an edge is answered by one gateway of many. */
const QUEUE = 'gateway';

const settings = gatewaySettings.parse(process.env);
const logger = createLogger({ service: 'gateway', level: settings.logLevel, pretty: settings.logPretty });
const { version } = createRequire(import.meta.url)('../package.json') as { version: string };
const undo: (() => Promise<void> | void)[] = [];

async function start(): Promise<void> {
  const metrics = new Metrics({ service: 'gateway', version });
  const readiness = new Readiness();
  const admin = new AdminServer({ host: settings.metricsHost, port: settings.metricsPort, metrics, readiness });
  undo.unshift(() => admin.close());
  await admin.listen();
  const liveStore = await createRedisLiveStore({ url: settings.redisUrl });
  undo.unshift(() => liveStore.close());
  const presence = await createRedisPresence({ url: settings.redisUrl });
  undo.unshift(() => presence.close());
  const control = createNatsControlClient(settings.natsUrl);
  undo.unshift(async () => void (await control.close()));
  const module = GatewayModule.register({ settings, liveStore, presence, control, metrics, logger, readiness });
  const app = await createGatewayApp({ module, settings, metrics, logger });
  undo.unshift(() => app.close());
  app.connectMicroservice(natsControlServer(settings.natsUrl, QUEUE), { inheritAppConfig: true });
  await app.listen(settings.httpPort, settings.httpHost);
  undo.unshift(() => readiness.stopping());
  // Viewers do not wait for NATS.
  app.startAllMicroservices().catch((error: unknown) => logger.fatal({ err: error }, 'control messages are not heard'));
  logger.info({ address: await app.getUrl() }, 'the gateway listens');
  void writeOperatorKey(app.get(Installation, { strict: false }), settings.dataDir, logger);
}

async function stop(): Promise<void> {
  for (const step of undo) await step();
}

await runService({ start, stop, graceMs: settings.stopGraceMs, logger });
