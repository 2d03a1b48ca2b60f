// The limits of an RTMP session, out of the settings of the edge.
import { DEFAULT_SERVER_SESSION_LIMITS, serverSessionOptions } from '@millrace/protocol/rtmp';
import type { ServerSessionOptions } from '@millrace/protocol/rtmp';
import type { RtmpEdgeSettings } from '../settings.ts';

/** @param clock milliseconds of a clock that does not go back */
export function sessionOptions(settings: RtmpEdgeSettings, clock: () => number): ServerSessionOptions {
  const defaults = DEFAULT_SERVER_SESSION_LIMITS;
  return serverSessionOptions(clock, {
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
