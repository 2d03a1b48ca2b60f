// What a message about rooms must look like before it has any effect.
import { IdPrefix, JOIN_REFUSALS, LEAVE_REASONS, ROOM_TYPES } from '@millrace/domain';
import type { Admission, IceServer, JoinRefusal, ParticipantPermissions, RoomFacts } from '@millrace/domain';
import { z } from 'zod';
import { clientAddress, count, id, instanceId } from '../schema-fields.ts';
import { relaySubject } from './relay-schemas.ts';
import type {
  AuthorizeJoin,
  AuthorizeJoinAnswer,
  IssueIceServers,
  IssueIceServersAnswer,
  JoinGrant,
  RenewToken,
  RenewTokenAnswer,
  RoomBan,
  ParticipantJoined,
  ParticipantLeft,
  ParticipantRemove,
  RoomEnd,
  RoomFinished,
  RoomLimits,
  RoomStarted,
  TrackChange,
} from './room-messages.ts';

/** The longest text of each kind, in UTF-16 units. */
export const MAX_JOIN_TOKEN_LENGTH = 4096;
export const MAX_ROOM_NAME_LENGTH = 128;
export const MAX_IDENTITY_LENGTH = 128;
export const MAX_PARTICIPANT_NAME_LENGTH = 128;
/** A few servers with a few addresses each: what a browser is given. */
const MAX_ICE_SERVERS = 16;
export const MAX_ICE_URLS = 32;
export const MAX_ICE_URL_LENGTH = 512;
const MAX_ICE_CREDENTIAL_LENGTH = 512;
export const MAX_TOKEN_ID_LENGTH = 128;
/** The longest resume window that a fresh token is made for. */
const MAX_RESUME_WINDOW_MS = 24 * 60 * 60_000;
const MAX_BAN_KEY_LENGTH = 64;

const tenantId = id(IdPrefix.tenant);
const roomId = id(IdPrefix.room);
const participantId = id(IdPrefix.participant);
const identity = z.string().min(1).max(MAX_IDENTITY_LENGTH).optional();
const name = z.string().min(1).max(MAX_PARTICIPANT_NAME_LENGTH).optional();

export const roomFactsSchema: z.ZodType<RoomFacts> = z.object({
  tenantId,
  roomId,
  name: z.string().max(MAX_ROOM_NAME_LENGTH),
  type: z.enum(ROOM_TYPES),
  maxParticipants: z.int().min(1),
  locked: z.boolean(),
  version: count,
});

/** A gateway of an older release does not know `rename`: then names may be changed, as they could be. */
const permissions: z.ZodType<ParticipantPermissions> = z.object({
  publish: z.boolean(),
  chat: z.boolean(),
  rename: z.boolean().default(true),
});
const admission: z.ZodType<Admission> = z
  .object({
    tokenId: z.string().min(1).max(MAX_TOKEN_ID_LENGTH),
    signingKeyId: id(IdPrefix.signingKey),
    name,
    expiresAtMs: count,
  })
  .transform((one) => ({ ...one, name: one.name }));
const roomLimits: z.ZodType<RoomLimits> = z.object({ maxRooms: count, maxParticipants: count });
const refused = z.object({
  granted: z.literal(false),
  refusal: z.enum(Object.keys(JOIN_REFUSALS) as [JoinRefusal, ...JoinRefusal[]]),
});

export const authorizeJoinSchema: z.ZodType<AuthorizeJoin> = z.object({
  token: z.string().max(MAX_JOIN_TOKEN_LENGTH),
  signalingId: instanceId,
  clientAddress,
});

/** JSON leaves out what is undefined; the transform puts it back. */
const joinGrant: z.ZodType<JoinGrant> = z
  .object({
    room: roomFactsSchema,
    identity,
    name,
    permissions,
    limits: roomLimits,
    admission: admission.optional(),
    bansVersion: count.optional(),
  })
  .transform((grant) => ({ ...grant, identity: grant.identity, name: grant.name }));

export const authorizeJoinAnswerSchema: z.ZodType<AuthorizeJoinAnswer> = z.union([
  z.object({ granted: z.literal(true), grant: joinGrant }),
  refused,
]);

export const issueIceServersSchema: z.ZodType<IssueIceServers> = z.object({ tenantId, subject: relaySubject });

const iceServer: z.ZodType<IceServer> = z.object({
  urls: z.array(z.string().min(1).max(MAX_ICE_URL_LENGTH)).min(1).max(MAX_ICE_URLS),
  username: z.string().max(MAX_ICE_CREDENTIAL_LENGTH).exactOptional(),
  credential: z.string().max(MAX_ICE_CREDENTIAL_LENGTH).exactOptional(),
});

export const issueIceServersAnswerSchema: z.ZodType<IssueIceServersAnswer> = z.union([
  z.object({ granted: z.literal(true), iceServers: z.array(iceServer).max(MAX_ICE_SERVERS), expiresAtMs: count }),
  refused,
]);

export const renewTokenSchema: z.ZodType<RenewToken> = z.object({
  tenantId,
  roomId,
  participantId,
  resumeWindowMs: z.int().min(0).max(MAX_RESUME_WINDOW_MS),
});

export const renewTokenAnswerSchema: z.ZodType<RenewTokenAnswer> = z.union([
  z.object({ granted: z.literal(true), token: z.string().min(1).max(MAX_JOIN_TOKEN_LENGTH), expiresAtMs: count }),
  refused,
]);

export const roomStartedSchema: z.ZodType<RoomStarted> = z.object({ tenantId, roomId, atMs: count });

export const roomFinishedSchema: z.ZodType<RoomFinished> = z.object({
  tenantId,
  roomId,
  atMs: count,
  reason: z.enum(['empty', 'ended']),
});

export const participantJoinedSchema: z.ZodType<ParticipantJoined> = z
  .object({ tenantId, roomId, participantId, identity, name, atMs: count })
  .transform((event) => ({ ...event, identity: event.identity, name: event.name }));

export const participantLeftSchema: z.ZodType<ParticipantLeft> = z.object({
  tenantId,
  roomId,
  participantId,
  identity,
  name,
  atMs: count,
  reason: z.enum(LEAVE_REASONS),
});

export const trackChangeSchema: z.ZodType<TrackChange> = z.object({
  tenantId,
  roomId,
  participantId,
  kind: z.enum(['audio', 'video', 'screen']),
  atMs: count,
});

export const roomEndSchema: z.ZodType<RoomEnd> = z.object({ tenantId, roomId });

const roomBan: z.ZodType<RoomBan> = z.object({ key: z.string().min(1).max(MAX_BAN_KEY_LENGTH), version: count });

export const participantRemoveSchema: z.ZodType<ParticipantRemove> = z.object({
  tenantId,
  roomId,
  participantId,
  ban: roomBan.optional(),
});
