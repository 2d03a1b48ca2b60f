// What every connection of an edge shares.
import { Inject, Injectable } from '@nestjs/common';
import { Ingest } from '@millrace/ingest';
import type { IngestMetrics } from '@millrace/ingest';
import { DEFAULT_SERVER_SESSION_LIMITS, serverSessionOptions } from '@millrace/protocol/rtmp';
import type { ServerSessionOptions } from '@millrace/protocol/rtmp';
import { LOGGER } from '@millrace/service-kit';
import type { Logger } from '@millrace/service-kit';
import { Playback } from '../play/playback.ts';
import { CAPABILITIES } from '../media/flv-codecs.ts';
import { RTMP_EDGE_SETTINGS } from '../rtmp-edge-options.ts';
import type { RtmpEdgeSettings } from '../settings.ts';

@Injectable()
export class EdgeContext {
  readonly session: ServerSessionOptions;
  readonly metrics: IngestMetrics;

  constructor(
    readonly ingest: Ingest,
    readonly playback: Playback,
    @Inject(RTMP_EDGE_SETTINGS) readonly settings: RtmpEdgeSettings,
    @Inject(LOGGER) readonly logger: Logger,
  ) {
    this.session = sessionOptions(settings, ingest.clock);
    this.metrics = ingest.metrics;
  }
}

/**
 * The limits of an RTMP session, from the settings of the edge.
 *
 * @param clock milliseconds of a monotonic clock
 */
function sessionOptions(settings: RtmpEdgeSettings, clock: () => number): ServerSessionOptions {
  const defaults = DEFAULT_SERVER_SESSION_LIMITS;
  return serverSessionOptions(clock, {
    capabilities: CAPABILITIES,
    loginApps: settings.rtmpLoginApps,
    limits: {
      ...defaults,
      chunks: {
        ...defaults.chunks,
        maxMessageBytes: settings.maxMessageBytes,
        maxChunkStreams: settings.maxChunkStreams,
        maxUnassembledBytes: settings.maxBufferedBytes,
      },
      amf: { maxDepth: settings.amfMaxDepth, maxBytes: settings.amfMaxBytes },
      maxBytesInFlight: settings.maxBytesInFlight,
      maxMessageBytesBeforeActive: Math.min(settings.setupBytes, settings.maxMessageBytes),
    },
  });
}
