// What a payload must look like before it has any effect: a service trusts the others' code, not the bytes on the bus.
import {
  AUDIO_TRACK_NAMES,
  IdPrefix,
  MAX_SESSION_WARNINGS,
  MAX_WARNING_LENGTH,
  PUBLISH_REFUSALS,
} from '@millrace/domain';
import type { PublishClaim, PublishRefusal, SessionWarning, StreamSettings } from '@millrace/domain';
import { z } from 'zod';
import { TARGET_STATES } from './messages.ts';
import type {
  AuthorizePlayback,
  AuthorizePlaybackAnswer,
  AuthorizePublish,
  AuthorizePublishAnswer,
  ChallengeLogin,
  ChallengeLoginAnswer,
  CheckPlayback,
  CheckPlaybackAnswer,
  CutPublisher,
  EventsCommitted,
  PublishEnded,
  HttpDigest,
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
  StandbyChanged,
  SimulcastTarget,
  StreamLive,
  SyncTargets,
  SyncTargetsAnswer,
  TargetFault,
  TargetReport,
  TargetsChanged,
  TimedMetadataPut,
} from './messages.ts';
import { clientAddress, count, id, instanceId, protocol, traceparent } from './schema-fields.ts';

/** The longest text of each kind; senders cut what peers chose to these. */
export const MAX_KEY_LENGTH = 256;
export const MAX_APP_LENGTH = 256;
export const MAX_ENCODER_LENGTH = 128;
/** Of a user, and of each part of a login. */
export const MAX_USER_LENGTH = 64;
/** Two keys of AES-256 and eight bytes, in base 64. */
const MAX_WRAPPED_LENGTH = 96;
/** Of an address with the id of a key in it. */
const MAX_DIGEST_URI_LENGTH = 1_024;
const MAX_REASON_LENGTH = 256;

const refusal = z.enum(Object.keys(PUBLISH_REFUSALS) as [PublishRefusal, ...PublishRefusal[]]);

const streamSettings: z.ZodType<StreamSettings> = z.object({
  segmentTargetMs: count,
  windowMs: count,
  reconnectWindowMs: count,
  secondPublisher: z.enum(['refuse', 'takeover']),
  partDurationMs: count.optional(),
  maxIngestBitsPerSecond: count.optional(),
  keyRotationSegments: count.min(1).optional(),
  audioTracks: z
    .array(
      z.object({
        track: count.max(AUDIO_TRACK_NAMES.maxTrack),
        name: z.string().max(AUDIO_TRACK_NAMES.nameLength).optional(),
        language: z.string().max(AUDIO_TRACK_NAMES.languageLength).optional(),
      }),
    )
    .max(AUDIO_TRACK_NAMES.max)
    .optional(),
});

export const publishClaimSchema: z.ZodType<PublishClaim> = z.object({
  tenantId: id(IdPrefix.tenant),
  streamId: id(IdPrefix.liveStream),
  streamKeyId: id(IdPrefix.streamKey),
  sessionId: id(IdPrefix.session),
  epoch: count,
  edgeId: instanceId,
  sessionStartedAtMs: count,
  epochStartedAtMs: count,
  settings: streamSettings,
  role: z.literal('backup').optional(),
  maxLiveStreams: count.optional(),
  standby: z.literal(true).optional(),
  traceparent: traceparent.optional(),
});

export const challengeLoginSchema: z.ZodType<ChallengeLogin> = z.object({
  user: z.string().max(MAX_USER_LENGTH),
  clientAddress,
});

export const challengeLoginAnswerSchema: z.ZodType<ChallengeLoginAnswer> = z.object({
  salt: z.string().max(MAX_USER_LENGTH),
  opaque: z.string().max(MAX_USER_LENGTH),
});

const httpDigestSchema: z.ZodType<HttpDigest> = z.object({
  algorithm: z.enum(['SHA-256', 'MD5']),
  username: z.string().max(MAX_ENCODER_LENGTH),
  realm: z.string().max(MAX_USER_LENGTH),
  method: z.string().max(MAX_USER_LENGTH),
  uri: z.string().max(MAX_DIGEST_URI_LENGTH),
  counted: z.object({ nc: z.string().max(MAX_USER_LENGTH), cnonce: z.string().max(MAX_ENCODER_LENGTH) }).optional(),
});

const publishLoginSchema: z.ZodType<PublishLogin> = z.object({
  user: z.string().max(MAX_USER_LENGTH),
  opaque: z.string().max(MAX_USER_LENGTH),
  clientChallenge: z.string().max(MAX_USER_LENGTH),
  response: z.string().max(MAX_USER_LENGTH),
  attempt: z.string().max(MAX_USER_LENGTH),
  digest: httpDigestSchema.optional(),
});

const playbackLoginSchema: z.ZodType<PlaybackLogin> = z.object({
  opaque: z.string().max(MAX_USER_LENGTH),
  response: z.string().max(MAX_USER_LENGTH),
  attempt: z.string().max(MAX_USER_LENGTH),
  digest: httpDigestSchema,
});

const publishPassphraseSchema: z.ZodType<PublishPassphrase> = z.object({
  user: z.string().max(MAX_USER_LENGTH),
  salt: z.base64().max(MAX_USER_LENGTH),
  wrapped: z.base64().max(MAX_WRAPPED_LENGTH),
  keyBytes: count,
  attempt: z.string().max(MAX_USER_LENGTH).optional(),
});

export const authorizePublishSchema: z.ZodType<AuthorizePublish> = z.object({
  key: z.string().max(MAX_KEY_LENGTH),
  login: publishLoginSchema.optional(),
  passphrase: publishPassphraseSchema.optional(),
  app: z.string().max(MAX_APP_LENGTH),
  edgeId: instanceId,
  protocol,
  clientAddress,
  encoder: z.string().max(MAX_ENCODER_LENGTH),
  traceparent: traceparent.optional(),
  reportsRefusal: z.boolean().optional(),
  role: z.literal('backup').optional(),
  mayWait: z.boolean().optional(),
});

const refusedKey = {
  tenantId: id(IdPrefix.tenant),
  streamId: id(IdPrefix.liveStream),
  streamKeyId: id(IdPrefix.streamKey),
};
const refusedKeySchema: z.ZodType<RefusedKey> = z.object(refusedKey);

export const authorizePublishAnswerSchema: z.ZodType<AuthorizePublishAnswer> = z.discriminatedUnion('granted', [
  z.object({
    granted: z.literal(true),
    claim: publishClaimSchema,
    resumed: z.boolean(),
    keyEncryptionKey: z.base64().max(MAX_USER_LENGTH).optional(),
  }),
  z.object({ granted: z.literal(false), refusal, key: refusedKeySchema.optional() }),
]);

/** The longest text of each kind in what is said of a viewer; edges cut what peers chose to these, or refuse it. */
export const MAX_PLAYBACK_TOKEN_LENGTH = 4_096;
const MAX_PLAYBACK_ID_LENGTH = 128;
const MAX_TICKET_LENGTH = 8_192;
const MAX_DETAIL_LENGTH = 512;
const MAX_GROUPS = 8;
/** Viewers that one message asks about. */
export const MAX_CHECKED_VISITS = 50;

const visit = {
  playbackId: z.string().max(MAX_PLAYBACK_ID_LENGTH),
  clientAddress,
  player: z.string().max(MAX_ENCODER_LENGTH),
  origin: z.string().max(MAX_APP_LENGTH).optional(),
};
const problemCode = z.string().regex(/^[a-z][a-z_]{0,63}$/, 'not a code');
const viewerGroups = z.array(z.string().max(MAX_PLAYBACK_ID_LENGTH)).max(MAX_GROUPS);

export const authorizePlaybackSchema: z.ZodType<AuthorizePlayback> = z.object({
  ...visit,
  token: z.string().max(MAX_PLAYBACK_TOKEN_LENGTH).optional(),
  login: playbackLoginSchema.optional(),
  edgeId: instanceId,
  protocol,
});

export const authorizePlaybackAnswerSchema: z.ZodType<AuthorizePlaybackAnswer> = z.discriminatedUnion('granted', [
  z.object({
    granted: z.literal(true),
    tenantId: id(IdPrefix.tenant),
    streamId: id(IdPrefix.liveStream),
    ticket: z.string().max(MAX_TICKET_LENGTH).optional(),
    tokenId: z.string().max(MAX_DETAIL_LENGTH).optional(),
    name: z.string().max(MAX_PLAYBACK_ID_LENGTH).optional(),
    groups: viewerGroups,
  }),
  z.object({
    granted: z.literal(false),
    refusal: problemCode,
    detail: z.string().max(MAX_DETAIL_LENGTH),
    offlineStreamId: id(IdPrefix.liveStream).optional(),
  }),
]);

export const checkPlaybackSchema: z.ZodType<CheckPlayback> = z.object({
  visits: z.array(z.object({ ...visit, ticket: z.string().max(MAX_TICKET_LENGTH).optional() })).max(MAX_CHECKED_VISITS),
});

export const checkPlaybackAnswerSchema: z.ZodType<CheckPlaybackAnswer> = z.object({
  visits: z.array(z.object({ refusal: problemCode.optional(), groups: viewerGroups })).max(MAX_CHECKED_VISITS),
});

export const publishRejectedSchema: z.ZodType<PublishRejected> = z.object({
  ...refusedKey,
  refusal,
  protocol,
  encoder: z.string().max(MAX_ENCODER_LENGTH),
});

/** A code may be that of a newer release. */
const sessionWarning: z.ZodType<SessionWarning> = z.object({
  code: z.string().regex(/^[a-z][a-z_]{0,63}$/, 'not a code'),
  message: z.string().max(MAX_WARNING_LENGTH),
  track: z.enum(['video', 'audio']).optional(),
  firstAtMs: count,
});

export const standbyChangedSchema: z.ZodType<StandbyChanged> = z.object({
  claim: publishClaimSchema,
  change: z.enum(['waiting', 'promoted', 'left']),
  reason: z.string().max(MAX_REASON_LENGTH),
  protocol,
  encoder: z.string().max(MAX_ENCODER_LENGTH),
  clientAddress,
  atMs: count,
});

export const publishEndedSchema: z.ZodType<PublishEnded> = z.object({
  claim: publishClaimSchema,
  reason: z.string().max(MAX_REASON_LENGTH),
  detail: z.string().max(MAX_WARNING_LENGTH).optional(),
  bytes: count,
  videoFrames: count,
  audioFrames: count,
  warnings: z.array(sessionWarning).max(MAX_SESSION_WARNINGS).optional(),
});

const session = { tenantId: id(IdPrefix.tenant), streamId: id(IdPrefix.liveStream), sessionId: id(IdPrefix.session) };

const MAX_CODECS = 8;
const MAX_CODEC_LENGTH = 64;

const MAX_TRACKS = 64;

const sessionTrack: z.ZodType<SessionTrack> = z.object({
  kind: z.enum(['video', 'audio']),
  track: count,
  codec: z.string().max(MAX_CODEC_LENGTH),
  width: count.optional(),
  height: count.optional(),
  frameRate: z.number().min(0).optional(),
  channels: count.optional(),
  averageBitsPerSecond: z.number().min(0),
  peakBitsPerSecond: z.number().min(0),
  state: z.enum(['listed', 'unaligned', 'stopped']),
});

const sessionMedia: z.ZodType<SessionMedia> = z.object({
  codecs: z.array(z.string().max(MAX_CODEC_LENGTH)).max(MAX_CODECS),
  width: count.optional(),
  height: count.optional(),
  frameRate: z.number().min(0).optional(),
  averageBitsPerSecond: z.number().min(0),
  peakBitsPerSecond: z.number().min(0),
  tracks: z.array(sessionTrack).max(MAX_TRACKS).optional(),
});

export const sessionEndedSchema: z.ZodType<SessionEnded> = z.object({
  ...session,
  endedAtMs: count,
  segments: count,
  media: sessionMedia.optional(),
});

export const sessionActiveSchema: z.ZodType<SessionActive> = z.object({
  ...session,
  activeAtMs: count,
  media: sessionMedia.optional(),
});

const healthChange: z.ZodType<SessionHealthChange> = z.object({
  epoch: count,
  number: count,
  state: z.enum(['degraded', 'recovered']),
  atMs: count,
});

export const sessionWarnedSchema: z.ZodType<SessionWarned> = z.object({
  ...session,
  warning: sessionWarning,
  change: healthChange.optional(),
});

/** JSON leaves out what is undefined; the transform puts it back. */
export const cutPublisherSchema: z.ZodType<CutPublisher> = z
  .object({
    streamId: id(IdPrefix.liveStream),
    streamKeyId: id(IdPrefix.streamKey).optional(),
    reason: refusal,
    beforeEpoch: count.optional(),
  })
  .transform(({ streamId, streamKeyId, reason, beforeEpoch }) => ({ streamId, streamKeyId, reason, beforeEpoch }));

const messageId = z.string().regex(/^[0-9A-Za-z_-]{1,64}$/, 'not the id of a message');
/** A data message of AMF in base 64: the longest that a gateway makes, with room. */
const MAX_METADATA_LENGTH = 16 * 1024;

export const putTimedMetadataSchema: z.ZodType<PutTimedMetadata> = z.object({
  id: messageId,
  streamId: id(IdPrefix.liveStream),
  epoch: count,
  payload: z.base64().max(MAX_METADATA_LENGTH),
});

export const timedMetadataPutSchema: z.ZodType<TimedMetadataPut> = z.object({
  id: messageId,
  outcome: z.enum(['written', 'starting', 'stream_rate', 'tenant_rate', 'unavailable']),
});

/** Most tenants that one message names. */
export const MAX_COMMITTED_TENANTS = 100;

export const eventsCommittedSchema: z.ZodType<EventsCommitted> = z.object({
  tenantIds: z.array(id(IdPrefix.tenant)).max(MAX_COMMITTED_TENANTS),
  gatewayId: instanceId,
});

export const streamLiveSchema: z.ZodType<StreamLive> = z.object({ streamId: id(IdPrefix.liveStream) });

export const MAX_SYNCED_STREAMS = 50;
/** Of a stream: more than a gateway lets a stream have. */
export const MAX_TARGETS_OF_STREAM = 100;
export const MAX_TARGET_URL_LENGTH = 1_000;
export const MAX_TARGET_KEY_LENGTH = 500;
/** Of a user name, a password, or a passphrase. */
export const MAX_TARGET_LOGIN_LENGTH = 200;
/** What other servers say of themselves is cut to this. */
export const MAX_FAULT_LENGTH = 500;

const targetFault: z.ZodType<TargetFault> = z.object({
  code: z.string().regex(/^[a-z_]{1,64}$/, 'not a code'),
  message: z.string().max(MAX_FAULT_LENGTH),
  atMs: count,
  sinceMs: count,
});

export const targetReportSchema: z.ZodType<TargetReport> = z.object({
  targetId: id(IdPrefix.simulcastTarget),
  state: z.enum(TARGET_STATES),
  bytes: count,
  connectedAtMs: count.optional(),
  fault: targetFault.optional(),
});

const syncTargetsOf = <T extends z.ZodType>(report: T) =>
  z.object({
    edgeId: instanceId,
    streams: z
      .array(
        z.object({
          streamId: id(IdPrefix.liveStream),
          epoch: count,
          isOver: z.boolean(),
          targets: z.array(report).max(MAX_TARGETS_OF_STREAM),
        }),
      )
      .max(MAX_SYNCED_STREAMS),
  });

export const syncTargetsSchema: z.ZodType<SyncTargets> = syncTargetsOf(targetReportSchema);

/** As a gateway receives it: its reports are still to be checked, each by itself, because they are of many tenants. */
export const receivedSyncTargetsSchema = syncTargetsOf(z.unknown());
export type ReceivedSyncTargets = z.infer<typeof receivedSyncTargetsSchema>;

const loginText = z.string().max(MAX_TARGET_LOGIN_LENGTH).optional();

export const simulcastTargetSchema: z.ZodType<SimulcastTarget> = z.object({
  targetId: id(IdPrefix.simulcastTarget),
  url: z.string().max(MAX_TARGET_URL_LENGTH),
  streamKey: z.string().max(MAX_TARGET_KEY_LENGTH),
  login: z.object({ username: loginText, password: loginText, passphrase: loginText }).optional(),
  version: messageId,
});

export const syncTargetsAnswerSchema: z.ZodType<SyncTargetsAnswer> = z.object({
  streams: z.array(z.array(simulcastTargetSchema).max(MAX_TARGETS_OF_STREAM).nullable()).max(MAX_SYNCED_STREAMS),
});

export const targetsChangedSchema: z.ZodType<TargetsChanged> = z.object({ streamId: id(IdPrefix.liveStream) });
