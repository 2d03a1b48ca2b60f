// Wiring only: the edge with the ports that it is given.
import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import {
  checkProxies,
  INGEST_METRICS,
  ingestProviders,
  openCertificate,
  PublisherControlController,
  pullProviders,
  SourceNewsController,
  PublishLifecycle,
} from '@millrace/ingest';
import type { IngestMetrics } from '@millrace/ingest';
import { edgePlaybackProvider, SimulcastController, simulcastProviders } from '@millrace/playout';
import { LOGGER } from '@millrace/service-kit';
import type { Logger } from '@millrace/service-kit';
import { RtspPlayback } from './play/rtsp-playback.ts';
import { PROTOCOLS } from './protocols.ts';
import { RtspPullConnector } from './pull/rtsp-pull-connector.ts';
import { RTSP_EDGE_SETTINGS, RTSPS_CERTIFICATE } from './rtsp-edge-options.ts';
import type { RtspEdgeOptions } from './rtsp-edge-options.ts';
import { RtspEdgeService } from './rtsp-edge.service.ts';
import { RtspEdgeContext } from './channel/rtsp-edge-context.ts';
import { RtspListeners } from './session/rtsp-listeners.ts';
import { ingestSettingsOf, playoutSettingsOf, pullSettingsOf } from './settings.ts';
import type { RtspEdgeSettings } from './settings.ts';

@Module({})
export class RtspEdgeModule {
  /** The edge on these ports. It opens its own ports with the application, and drains before that ends. */
  static register(options: RtspEdgeOptions): DynamicModule {
    const { settings } = options;
    const { instanceId: edgeId, rtspAuthorizeMs: authorizeMs } = settings;
    return {
      module: RtspEdgeModule,
      controllers: [PublisherControlController, SourceNewsController, SimulcastController],
      providers: [
        ...ingestProviders(
          { ...options, settings: ingestSettingsOf(options.settings) },
          { protocols: PROTOCOLS, malformedTag: 'no RTP packets' },
        ),
        { provide: RTSP_EDGE_SETTINGS, useFactory: () => checked(options.settings) },
        {
          provide: RTSPS_CERTIFICATE,
          inject: [RTSP_EDGE_SETTINGS, INGEST_METRICS, LOGGER],
          useFactory: ({ rtspTlsCertFile, rtspTlsKeyFile }: RtspEdgeSettings, metrics: IngestMetrics, logger: Logger) =>
            openCertificate(
              { variable: 'MILLRACE_RTSP_TLS_CERT_FILE', file: rtspTlsCertFile },
              { variable: 'MILLRACE_RTSP_TLS_KEY_FILE', file: rtspTlsKeyFile },
              metrics,
              logger,
            ),
        },
        ...pullProviders(pullSettingsOf(options.settings), RtspPullConnector),
        edgePlaybackProvider(RTSP_EDGE_SETTINGS, PROTOCOLS, (settings: RtspEdgeSettings) => ({
          edgeId: settings.instanceId,
          authorizeMs: settings.rtspAuthorizeMs,
          waitMs: settings.rtspPlayWaitMs,
          mergeMs: settings.rtspPlayMergeMs,
          settings: playoutSettingsOf(settings),
        })),
        RtspPlayback,
        ...simulcastProviders({ settings, edgeId, authorizeMs, publishes: PublishLifecycle }),
        RtspEdgeContext,
        RtspListeners,
        RtspEdgeService,
      ],
      exports: [RtspEdgeService],
    };
  }
}

/** @throws ConfigError when settings do not go together */
function checked(settings: RtspEdgeSettings): RtspEdgeSettings {
  checkProxies({ proxyProtocol: settings.rtspProxyProtocol, proxyFrom: settings.rtspProxyFrom }, 'RTSP');
  return settings;
}
