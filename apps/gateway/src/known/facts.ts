// What must be known to let a key publish, a viewer watch and a token join, as small flat records.
import { ROOM_TYPES } from '@millrace/domain';
import { z } from 'zod';

/** A stream key, by the hash of its secret. */
const keyFact = z.strictObject({
  streamKeyId: z.string(),
  tenantId: z.string(),
  streamId: z.string(),
  expiresAtMs: z.number().nullable(),
  revoked: z.boolean(),
  /** Not given: from everywhere. */
  allowedAddresses: z.array(z.string()).optional(),
  /** Only of a key that an ingest source publishes with, since an earlier release reads facts without it alone. */
  ingestSourceId: z.string().optional(),
});
export type KeyFact = z.infer<typeof keyFact>;

/** A stream key, by its id: where to find it, and its sealed secrets, where they are kept. */
const loginFact = z.strictObject({
  hash: z.string(),
  sealed: z.base64().nullable(),
  /** Sealed; only of a key that has one, since an earlier release reads facts without it alone. */
  srtPassphrase: z.base64().optional(),
});
export type LoginFact = z.infer<typeof loginFact>;

/** A live stream, by its id. */
const streamFact = z.strictObject({
  enabled: z.boolean(),
  segmentTargetMs: z.number(),
  windowMs: z.number(),
  reconnectWindowMs: z.number(),
  secondPublisher: z.enum(['refuse', 'takeover']),
  /** Only of a stream with low latency. */
  partDurationMs: z.number().optional(),
  /** Shown to viewers. Facts that an earlier release wrote have none. */
  name: z.string().optional(),
  /** How many segments have the same key, where they are encrypted. */
  keyRotationSegments: z.number().optional(),
  /** Where the tenant has named tracks of sound. */
  audioTracks: z
    .array(z.strictObject({ track: z.number(), name: z.string().optional(), language: z.string().optional() }))
    .optional(),
});
export type StreamFact = z.infer<typeof streamFact>;

/** A tenant, by its id. */
const tenantFact = z.strictObject({
  suspended: z.boolean(),
  maxLiveStreams: z.number(),
  maxRooms: z.number(),
  maxParticipants: z.number(),
  maxRelayAllocations: z.number(),
  maxRelayBitsPerSecond: z.number(),
  /** Null: unlimited. Facts that an earlier release wrote have neither. */
  maxIngestBitsPerSecond: z.number().nullish(),
  maxEgressBytesPerMonth: z.number().nullish(),
  maxViewers: z.number().nullish(),
  maxViewersPerStream: z.number().nullish(),
  /** Whether public playback ids do not play. Facts that an earlier release wrote have none: false. */
  requireSignedPlayback: z.boolean().optional(),
});
export type TenantFact = z.infer<typeof tenantFact>;

/** Who may use a playback id: every viewer, or those with a playback token. */
export const PLAYBACK_POLICIES = ['public', 'signed'] as const;
export type PlaybackPolicy = (typeof PLAYBACK_POLICIES)[number];

/** A playback id: its stream and its policy. Facts that an earlier release wrote have no policy. */
const playbackFact = z.strictObject({
  tenantId: z.string(),
  streamId: z.string(),
  policy: z.enum(PLAYBACK_POLICIES).optional(),
});
export type PlaybackFact = z.infer<typeof playbackFact>;

/** A room, by its id. */
const roomFact = z.strictObject({
  tenantId: z.string(),
  name: z.string(),
  type: z.enum(ROOM_TYPES),
  maxParticipants: z.number(),
  locked: z.boolean(),
  ended: z.boolean(),
  version: z.number(),
  /** The bans in force (`banKey`), and how often they have changed. A release before this one remembered neither. */
  bans: z.array(z.string()).default([]),
  bansVersion: z.number().default(0),
});
export type RoomFact = z.infer<typeof roomFact>;

/** The signing keys of a tenant that are in force, the newest first, by the tenant's id. Their secrets stay sealed. */
const signingKeysFact = z.strictObject({
  keys: z.array(z.strictObject({ id: z.string(), sealed: z.base64() })),
});
export type SigningKeysFact = z.infer<typeof signingKeysFact>;

/** A relay credential that was revoked, by `revocationId`. Nothing is known of those that were not. */
const revocationFact = z.strictObject({ revokedAtMs: z.number() });
export type RevocationFact = z.infer<typeof revocationFact>;

/** The endpoint that decides who may publish, by the tenant's id. Its secrets stay sealed. */
export const publishAuthorizerFact = z.strictObject({
  url: z.string(),
  onFailure: z.enum(['refuse', 'allow']),
  sealed: z.base64(),
  previousSealed: z.base64().nullable(),
  previousExpiresAtMs: z.number().nullable(),
});
export type PublishAuthorizerFact = z.infer<typeof publishAuthorizerFact>;

/** How a playback token may be signed: RFC 8037 (Ed25519) or RFC 7518 section 3.4 (P-256). */
export const PLAYBACK_ALGORITHMS = ['EdDSA', 'ES256'] as const;
export type PlaybackAlgorithm = (typeof PLAYBACK_ALGORITHMS)[number];

/** The public part of a key pair (RFC 7517). */
export const publicJwk = z.strictObject({
  kty: z.enum(['OKP', 'EC']),
  crv: z.enum(['Ed25519', 'P-256']),
  x: z.string(),
  y: z.string().optional(),
});
export type PublicJwk = z.infer<typeof publicJwk>;

/** The playback keys of a tenant that are in force, by the tenant's id. */
const playbackKeysFact = z.strictObject({
  keys: z.array(z.strictObject({ id: z.string(), algorithm: z.enum(PLAYBACK_ALGORITHMS), jwk: publicJwk })),
});
export type PlaybackKeysFact = z.infer<typeof playbackKeysFact>;

/** A playback restriction, by its id. */
const playbackRestrictionFact = z.strictObject({
  tenantId: z.string(),
  allowedOrigins: z.array(z.string()),
  allowedAddresses: z.array(z.string()),
  allowedCountries: z.array(z.string()),
  deniedCountries: z.array(z.string()),
  deniedUserAgents: z.array(z.string()),
  /** Facts that an earlier release wrote have none: false. */
  strict: z.boolean().optional(),
});
export type PlaybackRestrictionFact = z.infer<typeof playbackRestrictionFact>;

/** The simulcast targets of a live stream that are enabled, by its id. Their stream keys stay sealed. */
const simulcastTargetsFact = z.strictObject({
  targets: z.array(z.strictObject({ id: z.string(), url: z.string(), sealed: z.base64() })),
});

/** Every kind of fact: what its keys in the live store begin with, and how a remembered one is checked. */
export const FACT_KINDS = {
  keys: { prefix: 'key', schema: keyFact },
  logins: { prefix: 'login', schema: loginFact },
  streams: { prefix: 'stream', schema: streamFact },
  tenants: { prefix: 'tenant', schema: tenantFact },
  playback: { prefix: 'playback', schema: playbackFact },
  rooms: { prefix: 'room', schema: roomFact },
  signingKeys: { prefix: 'signing', schema: signingKeysFact },
  publishAuthorizers: { prefix: 'authorizer', schema: publishAuthorizerFact },
  revocations: { prefix: 'revocation', schema: revocationFact },
  playbackKeys: { prefix: 'playback-keys', schema: playbackKeysFact },
  simulcastTargets: { prefix: 'simulcast-targets', schema: simulcastTargetsFact },
  playbackRestrictions: { prefix: 'playback-restriction', schema: playbackRestrictionFact },
} as const satisfies Record<string, { prefix: string; schema: z.ZodType }>;
export type FactKind = keyof typeof FACT_KINDS;
export type FactOf<K extends FactKind> = z.infer<(typeof FACT_KINDS)[K]['schema']>;

export const revocationId = (tenantId: string, subject: string): string => `${tenantId}:${subject}`;
