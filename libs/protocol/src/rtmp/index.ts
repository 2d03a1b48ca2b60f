export {
  ADOBE_NEED_USER,
  adobeDigest,
  formatAdobeChallenge,
  formatAdobeFailure,
  parseAdobeLogin,
} from './address/adobe-login.ts';
export type { AdobeAnswer, AdobeChallenge, AdobeLogin } from './address/adobe-login.ts';
export { parsePushUrl, splitStreamKey } from './address/push-url.ts';
export type { PushUrl } from './address/push-url.ts';
export { resolvePublishTarget } from './address/resolve-publish-target.ts';
export type { PublishAddress, PublishTarget, PublishTargetFault } from './address/resolve-publish-target.ts';
export { ChunkDecoder } from './chunk/chunk-decoder.ts';
export { fenceMediaMemory, MediaMemory } from './chunk/media-memory.ts';
export type { MessageHandler } from './chunk/message-handler.ts';
export { ChunkEncoder } from './chunk/chunk-encoder.ts';
export type { ChunkForm, Fmt, OutgoingMessage } from './chunk/chunk-encoder.ts';
export { encodeSharedMessage } from './chunk/encode-shared-message.ts';
export type { SharedBytes, SharedMessage } from './chunk/encode-shared-message.ts';
export { DEFAULT_CHUNK_DECODER_LIMITS, DEFAULT_CHUNK_SIZE, LARGEST_CHUNK_SIZE } from './chunk/chunk-limits.ts';
export type { ChunkDecoderLimits } from './chunk/chunk-limits.ts';
export { ClientHandshake } from './handshake/client-handshake.ts';
export type { ClientHandshakeOptions } from './handshake/client-handshake.ts';
export type { DigestScheme } from './handshake/digest.ts';
export { handshakeEnvironment } from './handshake/handshake-environment.ts';
export type { HandshakeEnvironment } from './handshake/handshake-environment.ts';
export { ServerHandshake } from './handshake/server-handshake.ts';
export { decodeAbort, encodeAbort } from './message/abort.ts';
export { decodeAcknowledgement, encodeAcknowledgement } from './message/acknowledgement.ts';
export { encodeAggregate, splitAggregate } from './message/aggregate.ts';
export type { SubMessage, SubMessageHandler } from './message/aggregate.ts';
export { amfBody } from './message/amf-body.ts';
export { decodeCommand, encodeCommand } from './message/command.ts';
export type { Command } from './message/command.ts';
export { decodeData, encodeData } from './message/data.ts';
export type { DataMessage } from './message/data.ts';
export { MessageType } from './message/message-type.ts';
export { decodeSetChunkSize, encodeSetChunkSize } from './message/set-chunk-size.ts';
export { PeerBandwidthLimit, decodeSetPeerBandwidth, encodeSetPeerBandwidth } from './message/set-peer-bandwidth.ts';
export type { SetPeerBandwidth } from './message/set-peer-bandwidth.ts';
export { UserControlEvent, decodeUserControl, encodeUserControl } from './message/user-control.ts';
export type { UserControl } from './message/user-control.ts';
export {
  decodeWindowAcknowledgementSize,
  encodeWindowAcknowledgementSize,
} from './message/window-acknowledgement-size.ts';
export {
  capabilityProperties,
  CapsEx,
  fourCcInfo,
  FourCcInfo,
  readCapabilities,
  VideoFunction,
} from './session/capabilities.ts';
export type { Capabilities } from './session/capabilities.ts';
export { RtmpClientSession } from './session/client-session.ts';
export type { ClientSessionHandler } from './session/client-session.ts';
export { clientSessionOptions } from './session/client-session-options.ts';
export type { ClientSessionOptions } from './session/client-session-options.ts';
export type { ConnectInfo } from './session/connect-info.ts';
export type { MediaHandler } from './session/media-intake.ts';
export { ChunkStreamId, MessageSender } from './session/message-sender.ts';
export type { PlayerSender } from './session/player-sender.ts';
export { RtmpServerSession } from './session/server-session.ts';
export type { IgnoredMessages } from './session/server-session.ts';
export type {
  PlayerCommand,
  PlayRequest,
  LoginRequest,
  PublishRequest,
  Receives,
  ServerSessionHandler,
  SessionClose,
  StopReason,
} from './session/server-session-handler.ts';
export {
  DEFAULT_SERVER_CAPABILITIES,
  DEFAULT_SERVER_SESSION_LIMITS,
  serverSessionOptions,
} from './session/server-session-options.ts';
export type {
  Rate,
  ServerCapabilities,
  ServerSessionLimits,
  ServerSessionOptions,
} from './session/server-session-options.ts';
export { StatusCode } from './session/status.ts';
export type { Status, StatusLevel } from './session/status.ts';
export { TimestampUnwrapper } from './timestamp-unwrapper.ts';
