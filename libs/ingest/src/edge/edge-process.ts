// An edge as a process of its own, whatever its protocol: its adapters are NATS and Redis.
import type { DynamicModule, Type } from '@nestjs/common';
import { createNatsControlClient, natsControlServer, natsInboxPrefix } from '@millrace/control';
import { createNatsFrameBus, isFrameBusAway } from '@millrace/frame-bus';
import { createRedisLiveStore } from '@millrace/live-store';
import { startMicroservice, whenAvailable } from '@millrace/service-kit';
import type { ServiceContext, ServiceParts, UndoStack } from '@millrace/service-kit';
import type { IngestOptions } from '../ingest-options.ts';
import { frameBusMetrics } from '../metrics/frame-bus-metrics.ts';
import type { EdgeProcessSettings } from './edge-settings.ts';

/** What the module of an edge is given. It opens nothing of this itself, and closes nothing of it. */
export interface EdgeOptions<Settings> extends Omit<IngestOptions, 'settings'> {
  readonly settings: Settings;
}

/** The edge as its process knows it. */
export interface EdgeService<Opened extends object> {
  /** The ports that were opened; undefined before the application has started. */
  readonly ports: Opened | undefined;
  /** How many clients a stop waits for. */
  readonly clients: number;
  /** Closes the ports, and asks clients whose protocol allows it to connect elsewhere. Idempotent. */
  leave(): void;
}

export interface EdgeKind<Settings, Opened extends object> {
  /** Its name among services, such as `rtmp-edge`. */
  readonly service: string;
  readonly module: (options: EdgeOptions<Settings>) => DynamicModule;
  readonly edge: Type<EdgeService<Opened>>;
}

type EdgePorts = Pick<EdgeOptions<unknown>, 'frameBus' | 'liveStore' | 'control'>;

export function edgeParts<Settings extends EdgeProcessSettings, Opened extends object>({
  service,
  module,
  edge,
}: EdgeKind<Settings, Opened>): ServiceParts<Settings, EdgePorts, Opened> {
  const inboxPrefix = natsInboxPrefix(service);
  return {
    ports: (context, undo) => openPorts(context, inboxPrefix, undo),
    module,
    start: startMicroservice(({ natsUrl: url }) => natsControlServer({ url, inboxPrefix })),
    work: (app) => {
      const running = app.get(edge);
      return { leave: () => running.leave(), left: () => running.clients };
    },
    opened: (app) => app.get(edge).ports!,
  };
}

/** Waits for NATS as long as it takes; Redis may come later. */
async function openPorts(
  { settings, metrics, logger, readiness }: ServiceContext<EdgeProcessSettings>,
  inboxPrefix: string,
  undo: UndoStack,
): Promise<EdgePorts> {
  const observer = frameBusMetrics(metrics, logger);
  const { natsUrl: url, redisUrl, instanceId: name } = settings;
  const frameBus = await whenAvailable(
    { check: 'frame_bus', name: 'NATS', readiness, logger },
    () =>
      createNatsFrameBus({
        url,
        name,
        inboxPrefix,
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
  const liveStore = await createRedisLiveStore({ url: redisUrl, carriesSegments: false, watchesPlaylists: false });
  undo.add(() => liveStore.close());
  readiness.add('live_store', () => liveStore.isReady() || 'not connected');
  const control = createNatsControlClient({ url, inboxPrefix });
  undo.add(() => control.close() as unknown);
  return { frameBus, liveStore, control };
}
