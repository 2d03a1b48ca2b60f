export {
  EDGE_DRAINING,
  EdgePlayback,
  FRAMES_UNREADABLE,
  STREAM_OFFLINE,
  TOO_MANY_PLAYERS,
} from './edge/edge-playback.ts';
export type {
  AdmittedVisit,
  EdgePlaybackOptions,
  GrantedPlayback,
  PlayerVisit,
  PlayRefusal,
  WatchedPlayer,
} from './edge/edge-playback.ts';
export { edgePlaybackProvider } from './edge/edge-playback-provider.ts';
export { FormRegistry } from './edge/form-registry.ts';
export type { DescribedForm } from './edge/form-registry.ts';
export { LiveStreams } from './live/live-streams.ts';
export type { ByteAccount } from './live/byte-budget.ts';
export type { LiveStreamsOptions, WatchedViewer, WatchOutcome, WatchRequest } from './live/live-streams.ts';
export type { ViewerCutReason, EndReason, ViewerObserver, ViewerSink, Wanted } from './live/live-viewer.ts';
export { PlayoutMetrics, playoutRefusalOf, PLAYOUT_REFUSALS } from './live/playout-metrics.ts';
export type { PlayoutLevels, PlayoutRefusal } from './live/playout-metrics.ts';
export { playersBytes, playerSettings, playoutSettings, settingsOfPlayers } from './live/playout-settings.ts';
export type { PlayoutSettings } from './live/playout-settings.ts';
export { sessionReader } from './live/session-end-detector.ts';
export type { LiveSession } from './live/session-end-detector.ts';
export type { EncodedFrame, SeenTracks, WireForm } from './live/wire-form.ts';
export { METERING_LIMITS } from './metering/metering-limits.ts';
export { connectionName, PlaybackMeter } from './metering/playback-meter.ts';
export type { Watched } from './metering/playback-meter.ts';
export type { ViewerListener } from './metering/playback-meter.ts';
export { ViewerReports } from './metering/viewer-reports.ts';
export type { ViewerReportsOptions } from './metering/viewer-reports.ts';
export { viewerName } from './metering/viewer-count.ts';
export type { Viewer } from './metering/viewer-count.ts';
export { TsForm } from './mpegts/ts-form.ts';
export { fourCcNameOf, takesCodec } from './rtmp/peer-codecs.ts';
export { RtmpForm } from './rtmp/rtmp-form.ts';
export { RtpForm } from './rtp/rtp-form.ts';
export type { PlayedKind, PlayedTrack } from './rtp/rtp-form.ts';
export { SrtCall } from './srt/srt-call.ts';
export type { SrtCallOptions } from './srt/srt-call.ts';
export { SRT_MAX_KEEP_MS, SRT_RECEIVE_PACKETS, SrtSender } from './srt/srt-sender.ts';
export { SimulcastController, simulcastProviders } from './simulcast/simulcast-providers.ts';
export { ENCRYPTED_TARGETS, placeOf, readTarget } from './simulcast/target-address.ts';
export type { GivenTarget, KeptTarget, TargetMistake, TargetPlace } from './simulcast/target-address.ts';
export { SimulcastMetrics } from './simulcast/simulcast-metrics.ts';
export { simulcastAddressSettings, simulcastSettings } from './simulcast/simulcast-settings.ts';
