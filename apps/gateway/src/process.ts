// The gateway as a process of its own: its adapters are NATS, Redis and PostgreSQL.
import { randomUUID } from 'node:crypto';
import { createNatsControlClient, natsControlGateway, natsInboxPrefix } from '@millrace/control';
import { createNatsFrameBus } from '@millrace/frame-bus';
import { createRedisLiveStore, createRedisPresence } from '@millrace/live-store';
import type { LiveStore, PresenceStore } from '@millrace/live-store';
import type { ServiceContext, ServiceParts, UndoStack } from '@millrace/service-kit';
import type { DynamicModule } from '@nestjs/common';
import type { ClientProxy } from '@nestjs/microservices';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { CONTROL_SEAL_SECRET } from './auth/auth.module.ts';
import { createGatewayApp } from './gateway-app.ts';
import { GatewayModule } from './gateway.module.ts';
import { HttpFlv } from './http-flv/http-flv.module.ts';
import { Installation } from './installation/installation.ts';
import { writeOperatorKey } from './installation/operator-key-file.ts';
import { LateFrameBus } from './late-frame-bus.ts';
import { RequestsInFlight } from './server/requests-in-flight.ts';
import type { GatewaySettings } from './settings.ts';

const INBOX_PREFIX = natsInboxPrefix('gateway');
/** Each request of an edge is answered by one gateway of many. */
const QUEUE = 'gateway';
/** What names repeated requests in the live store. */
const SEEN_REQUEST = 'seen-request:';

interface Ports {
  readonly liveStore: LiveStore;
  readonly presence: PresenceStore;
  readonly frameBus: LateFrameBus;
  readonly control: ClientProxy;
}

type Options = ServiceContext<GatewaySettings> & Ports;

export const gatewayParts: ServiceParts<GatewaySettings, Ports, object> = {
  ports: openPorts,
  module: (options) => GatewayModule.register(options),
  start,
  work: (app) => {
    const requests = app.get(RequestsInFlight, { strict: false });
    const flv = app.get(HttpFlv, { strict: false });
    return {
      // The door closes with the process alone: who still comes is served, and told to connect anew.
      leave: () => {
        requests.leave();
        flv.leave();
      },
      left: () => requests.count,
    };
  },
  opened: (app, { settings, logger }) => {
    void writeOperatorKey(app.get(Installation, { strict: false }), settings.dataDir, logger);
    return {};
  },
};

async function openPorts({ settings, logger }: ServiceContext<GatewaySettings>, undo: UndoStack): Promise<Ports> {
  const liveStore = await createRedisLiveStore({ url: settings.redisUrl });
  undo.add(() => liveStore.close());
  const presence = await createRedisPresence({ url: settings.redisUrl });
  undo.add(() => presence.close());
  const access = { url: settings.natsUrl, inboxPrefix: INBOX_PREFIX };
  const { instanceId, natsShards: shards } = settings;
  const problem = (error: Error): void => logger.warn({ err: error }, 'the frame bus has a problem');
  const frameBus = new LateFrameBus(
    () =>
      createNatsFrameBus({
        ...access,
        shards,
        name: `gateway ${instanceId}`,
        observer: { problem },
        makesStreams: false,
        publishes: false,
        marks: false,
      }),
    logger,
  );
  undo.add(() => frameBus.close());
  const control = createNatsControlClient(access);
  undo.add(() => control.close() as unknown);
  return { liveStore, presence, frameBus, control };
}

async function start(module: DynamicModule, options: Options, undo: UndoStack): Promise<NestFastifyApplication> {
  const { settings, metrics, logger, readiness, tracer, liveStore } = options;
  const app = await createGatewayApp({ module, settings, metrics, logger, tracer });
  undo.add(() => app.close());
  const answers = natsControlGateway({
    url: settings.natsUrl,
    inboxPrefix: INBOX_PREFIX,
    queue: QUEUE,
    sealSecret: app.get<string>(CONTROL_SEAL_SECRET, { strict: false }),
    firstTime: (id, ttlMs) => liveStore.useOnce(SEEN_REQUEST + id, randomUUID(), ttlMs),
    acceptClear: settings.acceptClearRequests,
  });
  app.connectMicroservice(answers, { inheritAppConfig: true });
  await app.listen(settings.httpPort, settings.httpHost);
  // Viewers do not wait for NATS. But a gateway that has never reached it decides no publish: it is not ready until then.
  const reached = readiness.add('control', () => 'waiting for NATS');
  app
    .startAllMicroservices()
    .then(reached)
    .catch((error: unknown) => logger.fatal({ err: error }, 'cannot receive control messages'));
  logger.info({ address: await app.getUrl() }, 'gateway listening');
  return app;
}
