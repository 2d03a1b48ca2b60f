// Wiring only: the edge with the ports that it is given.
import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import {
  checkProxies,
  INGEST_METRICS,
  ingestProviders,
  openCertificate,
  PublisherControlController,
  PublishLifecycle,
  pullProviders,
  SourceNewsController,
} from '@millrace/ingest';
import type { IngestMetrics } from '@millrace/ingest';
import { edgePlaybackProvider, SimulcastController, simulcastProviders } from '@millrace/playout';
import { LOGGER } from '@millrace/service-kit';
import type { Logger } from '@millrace/service-kit';
import { EdgeContext } from './ingest/edge-context.ts';
import { RtmpListeners } from './ingest/rtmp-listeners.ts';
import { Playback } from './play/playback.ts';
import { INGEST_PROTOCOLS, PROTOCOLS } from './protocols.ts';
import { RtmpPullConnector } from './pull/rtmp-pull-connector.ts';
import { RTMP_EDGE_SETTINGS, RTMPS_CERTIFICATE } from './rtmp-edge-options.ts';
import type { RtmpEdgeOptions } from './rtmp-edge-options.ts';
import { RtmpEdgeService } from './rtmp-edge.service.ts';
import { playoutSettingsOf, pullSettingsOf } from './settings.ts';
import type { RtmpEdgeSettings } from './settings.ts';
import { MediaReading, readBuffer } from './socket/direct-socket.ts';
import { LowWaterMarks } from './socket/low-water-marks.ts';
import { ReadPacer } from './socket/read-pacer.ts';
import { SocketCalls } from './socket/socket-calls.ts';

@Module({})
export class RtmpEdgeModule {
  /** The edge on these ports. It opens its own ports with the application, and drains before that ends. */
  static register(options: RtmpEdgeOptions): DynamicModule {
    const { settings } = options;
    const { instanceId: edgeId, authorizeMs } = settings;
    return {
      module: RtmpEdgeModule,
      controllers: [PublisherControlController, SourceNewsController, SimulcastController],
      providers: [
        ...ingestProviders(options, { protocols: INGEST_PROTOCOLS, malformedTag: 'no FLV tags' }),
        { provide: RTMP_EDGE_SETTINGS, useFactory: () => checked(options.settings) },
        {
          provide: RTMPS_CERTIFICATE,
          inject: [RTMP_EDGE_SETTINGS, INGEST_METRICS, LOGGER],
          useFactory: ({ tlsCertFile, tlsKeyFile }: RtmpEdgeSettings, metrics: IngestMetrics, logger: Logger) =>
            openCertificate(
              { variable: 'MILLRACE_TLS_CERT_FILE', file: tlsCertFile },
              { variable: 'MILLRACE_TLS_KEY_FILE', file: tlsKeyFile },
              metrics,
              logger,
            ),
        },
        {
          provide: MediaReading,
          inject: [RTMP_EDGE_SETTINGS],
          useFactory: ({ readCoalesceMs, readCoalesceFrom, readLowWaterBytes }: RtmpEdgeSettings) => {
            const calls = readCoalesceMs > 0 || readLowWaterBytes > 0 ? SocketCalls.load(readBuffer) : undefined;
            const pacer = new ReadPacer(readCoalesceMs, readCoalesceFrom, calls);
            return new MediaReading(pacer, new LowWaterMarks(readLowWaterBytes, calls));
          },
        },
        ...pullProviders(pullSettingsOf(settings), RtmpPullConnector),
        edgePlaybackProvider(RTMP_EDGE_SETTINGS, PROTOCOLS, (settings: RtmpEdgeSettings) => ({
          edgeId: settings.instanceId,
          authorizeMs: settings.authorizeMs,
          waitMs: settings.playWaitMs,
          mergeMs: settings.playMergeMs,
          settings: playoutSettingsOf(settings),
        })),
        Playback,
        ...simulcastProviders({ settings, edgeId, authorizeMs, publishes: PublishLifecycle }),
        EdgeContext,
        RtmpListeners,
        RtmpEdgeService,
      ],
      exports: [RtmpEdgeService],
    };
  }
}

/** @throws ConfigError when settings do not go together */
function checked(settings: RtmpEdgeSettings): RtmpEdgeSettings {
  checkProxies(settings, 'RTMP');
  return settings;
}
