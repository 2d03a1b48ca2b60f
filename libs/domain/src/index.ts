export {
  Codec,
  codecName,
  comparePositions,
  FrameFlag,
  FrameKind,
  isConfiguration,
  isFirstTrack,
  isKeyframe,
  isRandomAccess,
  isTrackStart,
  TICKS_PER_MS,
} from './frame/frame.ts';
export type { Frame, FramePosition } from './frame/frame.ts';
export { FRAME_OVERHEAD_BYTES, frameCost } from './frame/frame-cost.ts';
export { IdPrefix, isId, newId } from './identity/ids.ts';
export { isSecretKey, newSecretKey, SecretPrefix } from './keys/secret-key.ts';
export { AUDIO_TRACK_NAMES, DEFAULT_PART_DURATION_MS, DEFAULT_STREAM_SETTINGS } from './stream/live-session.ts';
export type { AudioTrackName, EncoderRole, PublishClaim, StreamSettings } from './stream/live-session.ts';
export { featuresOfAll, PACKAGER_FEATURES } from './stream/packager-features.ts';
export type { PackagerAnnouncement, PackagerFeature } from './stream/packager-features.ts';
export { PUBLISH_REFUSALS } from './stream/publish-refusal.ts';
export type { PublishRefusal } from './stream/publish-refusal.ts';
export { MAX_SESSION_WARNINGS, MAX_WARNING_LENGTH, SESSION_WARNINGS } from './stream/session-warning.ts';
export type { SessionWarning, SessionWarningCode } from './stream/session-warning.ts';
export { describeFailedEnd, helpForProblem, problemOfEnd } from './stream/stream-problem.ts';
export { OLDER_CONTAINER } from './stream/older-container.ts';
export type { ListedBreak, SpliceSignal } from './stream/ad-break.ts';
export type { CommitMark, ContainerPoint, ContainerState, ResumePoint } from './stream/resume-point.ts';
export { isOlderContainer, readResumePoint, writeResumePoint } from './stream/written-resume-point.ts';
export type { WrittenResumePoint } from './stream/written-resume-point.ts';
export { JOIN_REFUSALS } from './rooms/join-refusal.ts';
export type { JoinRefusal } from './rooms/join-refusal.ts';
export {
  formatRelayUsername,
  isRelaySubject,
  MAX_RELAY_SUBJECT_LENGTH,
  parseRelayUsername,
} from './rooms/relay-username.ts';
export type { RelayUsername } from './rooms/relay-username.ts';
export { LEAVE_REASONS, PARTICIPANT_STATES } from './rooms/participant.ts';
export type {
  Admission,
  LeaveReason,
  MuteState,
  ParticipantProfile,
  ParticipantState,
  RoomParticipant,
} from './rooms/participant.ts';
export { BAN_KINDS, banKey, banKeysOf, banSubjectOf } from './rooms/room-ban.ts';
export type { BanKind, BanSubject } from './rooms/room-ban.ts';
export { ALL_PERMISSIONS, ONE_TO_ONE_PARTICIPANTS, ROOM_TYPES } from './rooms/room.ts';
export type { IceServer, ParticipantPermissions, RoomFacts, RoomType } from './rooms/room.ts';
export { FairDeadline, withinDeadline } from './time/fair-deadline.ts';
export { observeSharedBeats, onSharedBeat, onSharedBeatWhile } from './time/shared-beat.ts';
export type { Beat, WorkBeat } from './time/shared-beat.ts';
export { MEASURED_QUOTAS, NO_USAGE, USAGE_KINDS } from './usage/usage-kinds.ts';
export type { MeasuredQuota, QuotaReading, UsageKind, UsageOf, UsageSink } from './usage/usage-kinds.ts';
