// Signaling as a process of its own: its adapters are NATS and Redis.
import { createNatsControlClient, createNatsRoomBus, natsControlServer, natsInboxPrefix } from '@millrace/control';
import type { RoomBus } from '@millrace/control';
import { createRedisPresence } from '@millrace/live-store';
import type { PresenceStore } from '@millrace/live-store';
import { startMicroservice } from '@millrace/service-kit';
import type { ServiceContext, ServiceParts, UndoStack } from '@millrace/service-kit';
import type { ClientProxy } from '@nestjs/microservices';
import { signalingMetrics } from './metrics/signaling-metrics.ts';
import { Rooms } from './rooms/rooms.ts';
import { RoomsServer } from './rooms-server.ts';
import { presenceLimitsOf } from './settings.ts';
import type { SignalingSettings } from './settings.ts';
import { SignalingModule } from './signaling.module.ts';
import { SignalingService } from './signaling.service.ts';

const INBOX_PREFIX = natsInboxPrefix('signaling');

interface Ports {
  readonly presence: PresenceStore;
  readonly roomBus: RoomBus;
  readonly control: ClientProxy;
}

export const signalingParts: ServiceParts<SignalingSettings, Ports, { readonly port: number }> = {
  ports: openPorts,
  module: (options) => SignalingModule.register(options),
  start: startMicroservice(({ natsUrl: url }) => natsControlServer({ url, inboxPrefix: INBOX_PREFIX })),
  work: (app) => {
    const [service, rooms] = [app.get(SignalingService), app.get(Rooms)];
    return { leave: () => service.leave(), left: () => rooms.sockets };
  },
  opened: (app, { settings, logger }) => {
    const { port } = app.get(RoomsServer);
    logger.info({ instance: settings.instanceId, port }, 'signaling listening');
    return { port };
  },
};

/** Waits for NATS as long as it takes; Redis may come later. */
async function openPorts(
  { settings, metrics, readiness }: ServiceContext<SignalingSettings>,
  undo: UndoStack,
): Promise<Ports> {
  const { natsUrl: url, redisUrl, instanceId } = settings;
  const presence = await createRedisPresence({ ...presenceLimitsOf(settings), url: redisUrl });
  undo.add(() => presence.close());
  const { busFailures } = signalingMetrics(metrics);
  const reached = readiness.add('room_bus', () => 'waiting for NATS');
  const roomBus = await createNatsRoomBus({
    url,
    name: `signaling ${instanceId}`,
    observer: { failed: () => busFailures.inc() },
  });
  undo.add(() => roomBus.close());
  reached();
  const control = createNatsControlClient({ url, inboxPrefix: INBOX_PREFIX });
  undo.add(() => control.close() as unknown);
  return { presence, roomBus, control };
}
