// Wiring only: the edge with the ports that it is given.
import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import {
  ingestProviders,
  PublisherControlController,
  PublishLifecycle,
  pullProviders,
  SourceNewsController,
} from '@millrace/ingest';
import type { EdgeOptions } from '@millrace/ingest';
import { edgePlaybackProvider, SimulcastController, simulcastProviders } from '@millrace/playout';
import { ConfigError } from '@millrace/service-kit';
import { SrtPlayback } from './play/srt-playback.ts';
import { SrtPullConnector } from './pull/srt-pull-connector.ts';
import { SrtPort } from './session/srt-port.ts';
import { ingestSettingsOf, playoutSettingsOf, pullSettingsOf } from './settings.ts';
import type { SrtEdgeSettings } from './settings.ts';
import { INGEST_PROTOCOLS, PROTOCOLS, SRT_EDGE_SETTINGS, SrtEdgeContext } from './srt-edge-context.ts';
import { SrtEdgeService } from './srt-edge.service.ts';

@Module({})
export class SrtEdgeModule {
  /** The edge on these ports. It opens its own port with the application, and drains before that ends. */
  static register(options: EdgeOptions<SrtEdgeSettings>): DynamicModule {
    const { settings } = options;
    const { instanceId: edgeId, srtAuthorizeMs: authorizeMs } = settings;
    return {
      module: SrtEdgeModule,
      controllers: [PublisherControlController, SourceNewsController, SimulcastController],
      providers: [
        ...ingestProviders(
          { ...options, settings: ingestSettingsOf(options.settings) },
          { protocols: INGEST_PROTOCOLS, malformedTag: 'no packets of MPEG-TS' },
        ),
        { provide: SRT_EDGE_SETTINGS, useFactory: () => checked(options.settings) },
        SrtEdgeContext,
        ...pullProviders(pullSettingsOf(settings), SrtPullConnector),
        edgePlaybackProvider(SRT_EDGE_SETTINGS, PROTOCOLS, (settings: SrtEdgeSettings) => ({
          edgeId: settings.instanceId,
          authorizeMs: settings.srtAuthorizeMs,
          waitMs: settings.srtPlayWaitMs,
          mergeMs: settings.srtPlayMergeMs,
          settings: playoutSettingsOf(settings),
        })),
        SrtPlayback,
        ...simulcastProviders({ settings, edgeId, authorizeMs, publishes: PublishLifecycle }),
        SrtPort,
        SrtEdgeService,
      ],
      exports: [SrtEdgeService],
    };
  }
}

/** @throws ConfigError when settings do not go together */
function checked(settings: SrtEdgeSettings): SrtEdgeSettings {
  const { srtReceivePackets, srtSendPackets } = settings;
  const faults = [
    { variable: 'MILLRACE_SRT_RECEIVE_PACKETS', packets: srtReceivePackets },
    { variable: 'MILLRACE_SRT_SEND_PACKETS', packets: srtSendPackets },
  ]
    .filter(({ packets }) => (packets & (packets - 1)) !== 0)
    .map(({ variable, packets }) => ({ variable, fault: `must be a power of two, not ${packets}` }));
  if (faults.length > 0) throw new ConfigError(faults);
  return settings;
}
