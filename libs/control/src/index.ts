export { ControlPlaneClient } from './control-plane-client.ts';
export { CONTROL_PLANE } from './control-plane.ts';
export type { ControlPlane } from './control-plane.ts';
export type { ControlClientOptions } from './control-sender.ts';
export {
  authorizePlaybackAnswerSchema,
  authorizePlaybackSchema,
  authorizePublishAnswerSchema,
  authorizePublishSchema,
  challengeLoginAnswerSchema,
  challengeLoginSchema,
  checkPlaybackAnswerSchema,
  checkPlaybackSchema,
  cutPublisherSchema,
  eventsCommittedSchema,
  MAX_APP_LENGTH,
  MAX_CHECKED_VISITS,
  MAX_COMMITTED_TENANTS,
  MAX_ENCODER_LENGTH,
  MAX_FAULT_LENGTH,
  MAX_KEY_LENGTH,
  MAX_PLAYBACK_TOKEN_LENGTH,
  MAX_SYNCED_STREAMS,
  MAX_TARGET_KEY_LENGTH,
  MAX_TARGET_LOGIN_LENGTH,
  MAX_TARGET_URL_LENGTH,
  MAX_USER_LENGTH,
  publishClaimSchema,
  publishEndedSchema,
  standbyChangedSchema,
  publishRejectedSchema,
  putTimedMetadataSchema,
  sessionActiveSchema,
  sessionEndedSchema,
  sessionWarnedSchema,
  streamLiveSchema,
  receivedSyncTargetsSchema,
  simulcastTargetSchema,
  syncTargetsAnswerSchema,
  syncTargetsSchema,
  targetReportSchema,
  targetsChangedSchema,
  timedMetadataPutSchema,
} from './message-schemas.ts';
export type { ReceivedSyncTargets } from './message-schemas.ts';
export { HANDOVER_LIMITS } from './handover/event-handover.ts';
export type { HandoverOptions } from './handover/event-handover.ts';
export { handOverSchema, takeHandedEvents } from './handover/hand-over-messages.ts';
export type { HandedEvent, HandOver, HandOverAnswer } from './handover/hand-over-messages.ts';
export { rejectionName, RejectionReports } from './handover/rejection-reports.ts';
export { ControlSubject, PublishEvent, TARGET_STATES } from './messages.ts';
export type {
  AuthorizePlayback,
  AuthorizePlaybackAnswer,
  AuthorizePublish,
  AuthorizePublishAnswer,
  ChallengeLogin,
  ChallengeLoginAnswer,
  CheckedVisit,
  CheckPlayback,
  CheckPlaybackAnswer,
  CutPublisher,
  EventsCommitted,
  HttpDigest,
  PlaybackVisit,
  PublishEnded,
  StandbyChanged,
  PlaybackLogin,
  PublishLogin,
  PublishPassphrase,
  PublishRejected,
  PutTimedMetadata,
  RefusedKey,
  SessionActive,
  SessionEnded,
  SessionHealthChange,
  SessionMedia,
  SessionTrack,
  SessionWarned,
  SimulcastTarget,
  StreamLive,
  SyncedStream,
  SyncTargets,
  SyncTargetsAnswer,
  TargetFault,
  TargetLogin,
  TargetReport,
  TargetsChanged,
  TargetState,
  TimedMetadataPut,
} from './messages.ts';
export {
  SOURCE_LIMITS,
  SOURCE_STATE_CHANGES,
  sourceChangedSchema,
  SourceEvent,
  sourceStateChangedSchema,
  SourceSubject,
  takeSourcesAnswerSchema,
  takeSourcesSchema,
  takenSourceSchema,
} from './sources/source-messages.ts';
export type {
  SourceChanged,
  SourceStateChanged,
  SourceRevision,
  TakenSource,
  TakeSources,
  TakeSourcesAnswer,
} from './sources/source-messages.ts';
export { sourceProtocolOf } from './sources/source-protocol.ts';
export { formatSourceState, MAX_SOURCE_ERROR_LENGTH, parseSourceState, PULL_STATES } from './sources/source-state.ts';
export type { PullState, SourceState } from './sources/source-state.ts';
export { TO_ALL } from './transport/to-all.ts';
export { PayloadPipe } from './payload-pipe.ts';
export { InProcessControl } from './transport/in-process-control.ts';
export { sealedSubject, SealSubject } from './seal/seal-messages.ts';
export { natsInboxPrefix } from './transport/nats-inbox-prefix.ts';
export { createNatsControlClient, natsControlGateway, natsControlServer } from './transport/nats-control.ts';
export type { NatsControlOptions, NatsGatewayOptions } from './transport/nats-control.ts';
export { RELAY_CONTROL } from './rooms/relay-control.ts';
export type { RelayControl } from './rooms/relay-control.ts';
export { RelayControlClient } from './rooms/relay-control-client.ts';
export { RELAY_REFUSALS, RelaySubject } from './rooms/relay-messages.ts';
export type {
  AuthorizeRelay,
  AuthorizeRelayAnswer,
  RelayLimits,
  RelayRefusal,
  RelayUsage,
  RevokeRelay,
} from './rooms/relay-messages.ts';
export {
  authorizeRelayAnswerSchema,
  authorizeRelaySchema,
  relayUsageSchema,
  revokeRelaySchema,
} from './rooms/relay-schemas.ts';
export { ROOM_CONTROL } from './rooms/room-control.ts';
export type { RoomControl } from './rooms/room-control.ts';
export { RoomControlClient } from './rooms/room-control-client.ts';
export { RoomSubject, TrackEvent } from './rooms/room-messages.ts';
export type {
  AuthorizeJoin,
  AuthorizeJoinAnswer,
  IssueIceServers,
  IssueIceServersAnswer,
  JoinGrant,
  ParticipantJoined,
  ParticipantLeft,
  ParticipantRemove,
  RenewToken,
  RenewTokenAnswer,
  RoomBan,
  RoomEnd,
  RoomFinished,
  RoomLimits,
  RoomStarted,
  TrackChange,
} from './rooms/room-messages.ts';
export {
  authorizeJoinAnswerSchema,
  authorizeJoinSchema,
  issueIceServersAnswerSchema,
  issueIceServersSchema,
  MAX_ICE_URL_LENGTH,
  MAX_ICE_URLS,
  MAX_IDENTITY_LENGTH,
  MAX_JOIN_TOKEN_LENGTH,
  MAX_PARTICIPANT_NAME_LENGTH,
  MAX_ROOM_NAME_LENGTH,
  MAX_TOKEN_ID_LENGTH,
  participantJoinedSchema,
  participantLeftSchema,
  participantRemoveSchema,
  renewTokenAnswerSchema,
  renewTokenSchema,
  roomEndSchema,
  roomFactsSchema,
  roomFinishedSchema,
  roomStartedSchema,
  trackChangeSchema,
} from './rooms/room-schemas.ts';
export { createMemoryRoomBus } from './room-bus/room-bus.memory.ts';
export { createNatsRoomBus, ROOM_NOTES } from './room-bus/room-bus.nats.ts';
export type { NatsRoomBusOptions } from './room-bus/room-bus.nats.ts';
export { ROOM_BUS } from './room-bus/room-bus.ts';
export type { NotedDelivery, RoomBus, RoomBusObserver, RoomNote } from './room-bus/room-bus.ts';
export { UsageControlClient } from './usage/usage-control.ts';
export type { UsageControl } from './usage/usage-control.ts';
export { UsageLedger } from './usage/usage-ledger.ts';
export { USAGE_LIMITS } from './usage/usage-limits.ts';
export { MAX_REPORTED_AMOUNTS, usageReportSchema, UsageSubject } from './usage/usage-messages.ts';
export type { UsageAmount, UsageReport, UsageReportAnswer } from './usage/usage-messages.ts';
export { UsageReporter } from './usage/usage-reporter.ts';
