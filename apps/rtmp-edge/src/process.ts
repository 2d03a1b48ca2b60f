// An edge as a process of its own: its adapters are NATS and Redis.
import type { ClientProxy } from '@nestjs/microservices';
import { createNatsControlClient, natsControlServer, natsInboxPrefix } from '@millrace/control';
import { createNatsFrameBus, isFrameBusAway } from '@millrace/frame-bus';
import type { FrameBus } from '@millrace/frame-bus';
import { frameBusMetrics } from '@millrace/ingest';
import { createRedisLiveStore } from '@millrace/live-store';
import type { LiveStore } from '@millrace/live-store';
import { startMicroservice, whenAvailable } from '@millrace/service-kit';
import type { ServiceContext, ServiceParts, UndoStack } from '@millrace/service-kit';
import type { RtmpEdgePorts } from './ingest/rtmp-listeners.ts';
import { RtmpEdgeModule } from './rtmp-edge.module.ts';
import { RtmpEdgeService } from './rtmp-edge.service.ts';
import type { RtmpEdgeProcessSettings } from './settings.ts';

const INBOX_PREFIX = natsInboxPrefix('rtmp-edge');

interface Ports {
  readonly frameBus: FrameBus;
  readonly liveStore: LiveStore;
  readonly control: ClientProxy;
}

export const rtmpEdgeParts: ServiceParts<RtmpEdgeProcessSettings, Ports, RtmpEdgePorts> = {
  ports: openPorts,
  module: (options) => RtmpEdgeModule.register(options),
  start: startMicroservice(({ natsUrl: url }) => natsControlServer({ url, inboxPrefix: INBOX_PREFIX })),
  work: (app) => {
    const edge = app.get(RtmpEdgeService);
    return { leave: () => edge.leave(), left: () => edge.publishers + edge.players };
  },
  opened: (app) => app.get(RtmpEdgeService).ports!,
};

/** Waits for NATS as long as it takes; Redis may come later. */
async function openPorts(
  { settings, metrics, logger, readiness }: ServiceContext<RtmpEdgeProcessSettings>,
  undo: UndoStack,
): Promise<Ports> {
  const observer = frameBusMetrics(metrics, logger);
  const { natsUrl: url, redisUrl, instanceId: name } = settings;
  const frameBus = await whenAvailable(
    { check: 'frame_bus', name: 'NATS', readiness, logger },
    () =>
      createNatsFrameBus({
        url,
        name,
        inboxPrefix: INBOX_PREFIX,
        // Who makes streams says what they capture: a right to read everything, which edges have no use for.
        makesStreams: false,
        observer,
        shards: settings.natsShards,
        maxBytesPerShard: settings.natsFramesMaxBytes,
        replicas: settings.natsReplicas,
        retainedBytes: settings.retainedFramesBytes,
      }),
    isFrameBusAway,
  );
  undo.add(() => frameBus.close());
  const liveStore = await createRedisLiveStore({ url: redisUrl });
  undo.add(() => liveStore.close());
  readiness.add('live_store', () => liveStore.isReady() || 'not connected');
  const control = createNatsControlClient({ url, inboxPrefix: INBOX_PREFIX });
  undo.add(() => control.close() as unknown);
  return { frameBus, liveStore, control };
}
