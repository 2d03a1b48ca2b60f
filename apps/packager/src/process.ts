// The packager as a process of its own: its adapters are NATS and Redis.
import { createNatsControlClient, natsControlServer, natsInboxPrefix } from '@millrace/control';
import { createNatsFrameBus, isFrameBusAway } from '@millrace/frame-bus';
import type { FrameBus } from '@millrace/frame-bus';
import { createRedisLiveStore, SegmentPool } from '@millrace/live-store';
import type { LiveStore } from '@millrace/live-store';
import { startMicroservice, whenAvailable } from '@millrace/service-kit';
import type { ServiceContext, ServiceParts, UndoStack } from '@millrace/service-kit';
import type { ClientProxy } from '@nestjs/microservices';
import { PackagerModule } from './packager.module.ts';
import { PackagerService } from './packager.service.ts';
import type { PackagerSettings } from './settings.ts';

const INBOX_PREFIX = natsInboxPrefix('packager');

interface Ports {
  readonly frameBus: FrameBus;
  readonly liveStore: LiveStore;
  readonly control: ClientProxy;
}

export const packagerParts: ServiceParts<PackagerSettings, Ports, object> = {
  ports: openPorts,
  module: (options) => PackagerModule.register(options),
  start: startMicroservice(({ natsUrl: url }) => natsControlServer({ url, inboxPrefix: INBOX_PREFIX })),
  work: (app) => {
    const packager = app.get(PackagerService);
    return { leave: () => packager.leave(), left: () => packager.streamIds.length };
  },
  opened: (_app, { settings, logger }) => {
    logger.info({ instance: settings.instanceId }, 'packager waiting for streams');
    return {};
  },
};

/** Waits for NATS as long as it takes; Redis may come later. */
async function openPorts(
  { settings, logger, readiness }: ServiceContext<PackagerSettings>,
  undo: UndoStack,
): Promise<Ports> {
  const { natsUrl: url, redisUrl, instanceId } = settings;
  const segmentPool = new SegmentPool({ maxFreeBytes: settings.segmentPoolBytes });
  const liveStore = await createRedisLiveStore({ url: redisUrl, segmentPool, watchesPlaylists: false });
  undo.add(() => liveStore.close());
  const frameBus = await whenAvailable(
    { check: 'frame_bus', name: 'NATS', readiness, logger },
    () =>
      createNatsFrameBus({
        url,
        name: `packager ${instanceId}`,
        inboxPrefix: INBOX_PREFIX,
        publishes: false,
        observer: { problem: (error) => logger.warn({ err: error }, 'frame bus problem') },
        shards: settings.natsShards,
        maxBytesPerShard: settings.natsFramesMaxBytes,
        replicas: settings.natsReplicas,
      }),
    isFrameBusAway,
  );
  undo.add(() => frameBus.close());
  const control = createNatsControlClient({ url, inboxPrefix: INBOX_PREFIX });
  undo.add(() => control.close() as unknown);
  return { frameBus, liveStore, control };
}
