export { Backoff } from './backoff.ts';
export { checkNat } from './check/check-nat.ts';
export type { NatFinding } from './check/check-nat.ts';
export { checkRelay } from './check/check-relay.ts';
export { checkSignaling } from './check/check-signaling.ts';
export type { SignalingCheck, SignalingCheckOptions } from './check/check-signaling.ts';
export { checkStun } from './check/check-stun.ts';
export type { HopProblem, HopResult } from './check/hop-result.ts';
export { systemClock, systemRandom } from './clock.ts';
export type { ClientClock, Random } from './clock.ts';
export { isRelayTransport, RELAY_TRANSPORTS, relaysOver, relayTransportOf, stunServers } from './ice-servers.ts';
export type { RelayTransport } from './ice-servers.ts';
export { captureFailure, captureSurroundings } from './media/capture-failure.ts';
export type { CaptureFailure, CaptureSurroundings } from './media/capture-failure.ts';
export { MEDIA_SOURCES } from './media/media-source.ts';
export type { MediaSource } from './media/media-source.ts';
export { SIGNALING_VERSION } from './messages.ts';
export type {
  Candidate,
  ClientMessage,
  DirectMessage,
  IceServer,
  LeaveReason,
  Metadata,
  MuteState,
  Participant,
  Peer,
  Permissions,
  Room,
  RoomEvent,
  ServerMessage,
} from './messages.ts';
export { Negotiator } from './peer/negotiator.ts';
export type { NegotiationMessage, NegotiatorOptions } from './peer/negotiator.ts';
export type { PathState } from './peer/path-recovery.ts';
export { RoomClient } from './room-client.ts';
export type { RoomClientOptions } from './room-client.ts';
export type { ChatMessage, RoomEvents } from './room-events.ts';
export { newRejoinSecret } from './signaling/rejoin-secret.ts';
export { RequestError } from './signaling/request-error.ts';
export type { Ending } from './signaling/signaling-session.ts';
export { openWebSocket } from './signaling/socket.ts';
export type { OpenSocket, Socket, SocketEvents } from './signaling/socket.ts';
export type { CandidatePath, CandidateType } from './stats/candidate-path.ts';
export type { LinkStats } from './stats/stats-reader.ts';
