// Limits that the code fixes: no use for another value is known. The types make sure that each has its sentence.
import { USAGE_LIMITS } from '@millrace/control';
import { MEMORY_FRAME_BUS_DEFAULTS, NATS_FRAME_BUS_DEFAULTS } from '@millrace/frame-bus';
import {
  PLAYBACK_CODE_LIMITS,
  PLAYBACK_TOKEN_CODE_LIMITS,
  ROOM_CODE_LIMITS,
  SESSION_CODE_LIMITS,
  TIMED_METADATA_CODE_LIMITS,
  USAGE_CODE_LIMITS,
} from '@millrace/gateway';
import { DEFAULT_LIVE_STORE_LIMITS, DEFAULT_PRESENCE_LIMITS } from '@millrace/live-store';
import { METADATA_LIMITS, SPLICE_LIMITS } from '@millrace/packager';
import { METERING_LIMITS } from '@millrace/playout';
import { DEFAULT_SERVER_SESSION_LIMITS } from '@millrace/protocol/rtmp';
import { HANDOVER_LIMITS } from '@millrace/control';
import { INGEST_LIMITS } from '@millrace/ingest';
import { INTAKE_LIMITS } from '@millrace/rtmp-edge';

type Sentences<T> = Readonly<Record<keyof T, string>>;

interface Group {
  readonly title: string;
  readonly values: object;
  readonly sentences: Readonly<Record<string, string>>;
}

/** The others are set by the environment. */
const { shards: _, maxBytesPerShard: __, replicas: ___, retainedBytes: ____, ...natsLimits } = NATS_FRAME_BUS_DEFAULTS;
const { maxBytes: _____, ...memoryLimits } = MEMORY_FRAME_BUS_DEFAULTS;
const nats: Sentences<typeof natsLimits> = {
  maxAgeMs: 'How long NATS keeps a frame',
  batchWaitMs: 'How long a frame waits for others to join its batch',
  batchTogetherFrom: 'Streams of an edge from which batches of all of them are sent together',
  batchBytes: 'Size at which a batch of frames is sent',
  maxFrameBytes: 'Largest frame',
  maxInflightBytes: 'Unconfirmed bytes of a publisher above which its encoder’s socket is not read',
  retainBytes: 'Confirmed frames of a publisher that an edge keeps until they are committed',
  ackBytes: 'Bytes after which NATS is asked to confirm',
  ackIntervalMs: 'Time after which NATS is asked to confirm',
  ackTimeoutMs: 'Time after which unconfirmed frames are sent again',
  stuckAfterMs: 'Time without frames accepted by NATS after which edges refuse publishers',
  lingerMs: 'How long an edge keeps the uncommitted frames of a publisher that has left',
  lingerBytes: 'Total size of all such frames',
  sendWindowBytes: 'Data handed to the connection before NATS has answered',
  sendProbeBytes: 'Bytes after which NATS is asked whether it has read everything so far',
  gapWaitMs: 'How long a reader waits for missing frames before it continues without them',
  gapPollMs: 'How often it checks for them',
  settleMs: 'When the end of the log is checked once more',
  maxHeldBytes: 'Live frames that a reader holds while it reads the log',
  readBatchMessages: 'Messages of the log that are requested together',
  keyframeSearchMs: 'How far back the first search for a keyframe goes',
  streamsTimeoutMs: 'First wait of an edge for the streams that packagers create',
  connectTimeoutMs: 'How long the first connection to NATS may take',
  reconnectWaitMs: 'Pause between attempts to connect to NATS',
  requestTimeoutMs: 'Longest wait for an answer from NATS',
  markTimeoutMs: 'Time after which a commit mark that NATS has not confirmed is kept in its memory',
  marksRetryMs: 'How often a disk that did not accept marks is tried again',
  pingIntervalMs: 'How often a quiet connection to NATS is checked',
  closeTimeoutMs: 'How long a stop waits for unconfirmed frames',
};

const memory: Sentences<typeof memoryLimits> = {
  maxBytesPerStream: 'Log of one stream',
  maxFrameBytes: 'Largest frame',
  maxIdleMs: 'Time after which a stream without publisher and reader is discarded',
};

const liveStore: Sentences<typeof DEFAULT_LIVE_STORE_LIMITS> = {
  claimTtlMs: 'How long a publisher’s claim lives without being renewed',
  outageMs: 'An outage longer than this does not count against claims and reconnect windows',
  sessionTtlMs: 'How long a session that is never ended is kept',
  unrenewedMs: 'How long an edge may leave out the renewal of a claim before the encoder that waits takes over',
  standbySilentMs: 'Silence after which an encoder that waits makes room for another one',
  promotionGraceMs: 'How much longer than until its promotion a session is kept open for an encoder that waits',
  switchMs: 'How long a requested switch to the encoder that waits holds',
  switchRenewedMs: 'How recently its edge must have renewed an encoder that waits for a switch to be requested',
  ingestReportTtlMs: 'How long an edge’s report about what a publisher sends is kept',
  viewerTtlMs: 'How long a viewer counts without being seen by any gateway',
  maxViewersPerPlayback: 'Viewers of one playback id that are told apart',
  healthSeriesTtlMs: 'How long the health series of a session outlives its newest sample',
  healthSeriesPerTenant:
    'Sessions of a tenant whose health series is kept; the one that was written to longest ago goes first',
  segmentBackstopMs: 'How long segments outlive a packager without a successor',
  headTtlMs: 'How long a stream’s numbers are kept after its last segment',
};

const handover: Sentences<typeof HANDOVER_LIMITS> = {
  maxPerTenant: 'Events of one tenant that wait in one service for a gateway to write them; the oldest is dropped',
  maxEvents: 'Such events of all tenants; the oldest of the tenant with the most is dropped',
  maxRequestBytes: 'Size of the events that are handed over in one request',
};

const rooms: Sentences<typeof ROOM_CODE_LIMITS> = {
  maxTokenLength: 'Join token, in characters',
  maxIdentityLength: 'Identity in a token, in UTF-16 units',
  maxParticipantNameLength: 'Name in a token, in UTF-16 units',
  maxRoomNameLength: 'Name of a room, in UTF-16 units',
  clockToleranceMs: 'Tolerated difference from the clock of the token’s signer',
  keptEndedRooms: 'Ended rooms of a tenant that are kept; the oldest are removed first',
  keptRevokedKeys: 'Revoked signing keys of a tenant that are kept; the oldest are removed first',
  freshTokenSpareMs: 'How much longer than the resume window a fresh join token is valid',
  maxTokenIdLength: 'Id of a token (`jti`), in UTF-16 units; a longer one is hashed',
};

/** Those that every signaling server must have alike are here; the others are set by the environment. */
const { rememberMs, outageMs } = DEFAULT_PRESENCE_LIMITS;
const presenceLimits = { rememberMs, outageMs };
const presence: Sentences<typeof presenceLimits> = {
  rememberMs: 'How long the reason why a participant left, and the end of a room, are remembered',
  outageMs: 'An outage longer than this does not count against participants that reconnect',
};

/** The others are set by the environment. */
const { maxStreams, maxNameBytes, maxTextBytes, commands, controlReplies, dataMessages, minAcknowledgementBytes } =
  DEFAULT_SERVER_SESSION_LIMITS;
const sessionLimits = {
  maxStreams,
  maxNameBytes,
  maxTextBytes,
  commands,
  controlReplies,
  dataMessages,
  minAcknowledgementBytes,
};
const session: Sentences<typeof sessionLimits> = {
  maxStreams: 'Message streams of one connection',
  maxNameBytes: 'Name of an app or a stream',
  maxTextBytes: 'Other strings that a client sends when it connects',
  commands: 'Commands of a client: burst, and per second',
  controlReplies: 'Responses to pings and the like: burst, and per second',
  dataMessages: 'Data messages, such as metadata: burst, and per second',
  minAcknowledgementBytes: 'Smallest acknowledgement window that a client may request',
};

const intake: Sentences<typeof INTAKE_LIMITS> = {
  maxAssembledBytes: 'A picture that arrives in several messages; a larger one is passed on in parts',
  longestWaitMs: 'How long such a picture waits for its remainder while audio continues',
  maxFramesPerMessage: 'MP3 or ADTS frames that are taken from one message',
};

const ingest: Sentences<typeof INGEST_LIMITS> = {
  unreadableAfterMs: 'How long a track may be unreadable before its session has a warning',
  reportIntervalMs: 'How often an edge reports what a publisher sends; the first report follows after a second or two',
  recoveryWindows: 'Good reports after which a problem that keeps coming back is over, at the most',
};

const timedMetadata: Sentences<typeof METADATA_LIMITS> = {
  maxMessageBytes: 'A data message of an encoder that viewers get, as received and as text; longer ones are omitted',
  maxNameBytes: 'Name of such a message',
  maxValues: 'Nested values in such a message',
  maxTagsPerSecond: 'Such messages in a segment, or in a part of CMAF, per second of its duration',
  maxBytesPerSecond: 'Their total size in a segment or part, per second of its duration',
};

const splices: Sentences<typeof SPLICE_LIMITS> = {
  maxCommandBytes: 'A splice_info_section; longer ones are omitted',
  maxSignals: 'Signals of one segment; more are omitted',
  maxListed: 'Breaks in a playlist; the oldest are removed first',
  maxBreakMs: 'How long a break is listed that does not end',
};

const writtenMetadata: Sentences<typeof TIMED_METADATA_CODE_LIMITS> = {
  maxBytes: 'Object of a request, as JSON',
  maxNameLength: 'Name of the message',
  writeMs: 'How long a request waits until the frame log has it',
};

const sessions: Sentences<typeof SESSION_CODE_LIMITS> = {
  keptConnections: 'Connections of a session that are kept; the oldest are removed first',
  keptEndedSessions: 'Ended sessions of a stream that are kept; the oldest are removed first',
};

const metering: Sentences<typeof METERING_LIMITS> = {
  maxViewers: 'HLS viewers that one gateway tells apart, each by a 48-bit number',
  maxViewersPerAddress: 'HLS viewers that one address (IPv6: one /64 network) may account for',
  maxViewersPerTenant: 'HLS viewers that the streams of one tenant may account for',
  maxMeteredTenants: 'Tenants whose numbers wait for the next collection of metrics',
};

const playback: Sentences<typeof PLAYBACK_CODE_LIMITS> = {
  maxReads: 'Concurrent segment reads of one gateway from the live store',
  maxReadsPerAddress: 'Such reads first requested from one address (IPv6: one /64 network)',
  maxReadsPerTenant: 'Such reads for streams of one tenant',
  maxWaitingReads: 'Further reads, of segments that playlists list, that wait for one of these to end',
  maxWaitingReadsPerAddress: 'Those of them that were first requested from one address',
  maxWaitingReadsPerTenant: 'Those of them for streams of one tenant',
  maxUnlistedReads: 'Further such reads of segments that no playlist lists: made up, or older',
  maxUnlistedReadsPerAddress: 'Reads of unlisted segments from one address',
  maxUnlistedReadsPerTenant: 'Reads of unlisted segments of one tenant',
  maxHeldRequestBytes: 'Address and headers of a request that is held until its stream, part or playlist is there',
  maxLookups: 'Lookups of unknown playback ids that wait for PostgreSQL concurrently',
  maxLookupsPerAddress: 'Such lookups from one address',
};

const usageCounting: Sentences<typeof USAGE_LIMITS> = {
  maxAmounts: 'Amounts that one process counts at once: one for each stream, kind and protocol of the current hour',
  maxAmountsPerTenant: 'Those of one tenant; beyond it, its streams are counted together',
  maxTenantAmounts: 'Further amounts, of tenants whose streams are counted together',
  maxReadings: 'Quotas of tenants that one process measures for a report, such as the bitrate of their encoders',
  reportIntervalMs: 'How often a process reports what it has counted',
};

const usage: Sentences<typeof USAGE_CODE_LIMITS> = {
  maxWaitingReports: 'Reports of services that wait in one gateway to be written',
  lateHours: 'Hours after which the usage of an hour is no longer accepted',
  maxRangeDays: 'Longest time that one request for usage may cover, in days',
  readingValidMs: 'How long what a process has measured of a quota counts',
};

const playbackTokens: Sentences<typeof PLAYBACK_TOKEN_CODE_LIMITS> = {
  maxTokenLength: 'Playback token, in characters',
  maxViewerIdLength: '`viewer_id` of a token, in characters',
  maxTokenIdLength: 'Id of a token (`jti`), in UTF-16 units',
  maxTokenOrigins: 'Origins in a token',
  clockToleranceMs: 'Tolerated difference from the clock of the token’s signer',
  keptRevokedKeys: 'Revoked playback keys of a tenant that are kept; the oldest are removed first',
  revocationLookMs: 'How often each gateway reads which viewers were revoked, while viewers of signed playback ids ask',
  maxVerifications: 'Playback tokens whose signatures one gateway checks concurrently',
  maxVerificationsPerAddress: 'Such checks for one address (IPv6: one /64 network)',
  maxVerificationsPerTenant: 'Such checks for playback ids of one tenant',
  maxVerifiedTokens: 'Tokens that one gateway need not check again',
};

export const codeLimits: readonly Group[] = [
  { title: 'RTMP sessions', values: sessionLimits, sentences: session },
  { title: 'RTMP media', values: INTAKE_LIMITS, sentences: intake },
  { title: 'Ingest', values: INGEST_LIMITS, sentences: ingest },
  { title: 'Timed metadata', values: METADATA_LIMITS, sentences: timedMetadata },
  { title: 'Breaks for advertising', values: SPLICE_LIMITS, sentences: splices },
  { title: 'Timed metadata by REST', values: TIMED_METADATA_CODE_LIMITS, sentences: writtenMetadata },
  { title: 'Frames over NATS', values: natsLimits, sentences: nats },
  { title: 'Frames in one process', values: memoryLimits, sentences: memory },
  { title: 'Live store', values: DEFAULT_LIVE_STORE_LIMITS, sentences: liveStore },
  { title: 'Events handed over', values: HANDOVER_LIMITS, sentences: handover },
  { title: 'Metering of playback', values: METERING_LIMITS, sentences: metering },
  { title: 'Playback', values: PLAYBACK_CODE_LIMITS, sentences: playback },
  { title: 'Signed playback', values: PLAYBACK_TOKEN_CODE_LIMITS, sentences: playbackTokens },
  { title: 'Sessions', values: SESSION_CODE_LIMITS, sentences: sessions },
  { title: 'Counting of usage', values: USAGE_LIMITS, sentences: usageCounting },
  { title: 'Usage', values: USAGE_CODE_LIMITS, sentences: usage },
  { title: 'Rooms and tokens', values: ROOM_CODE_LIMITS, sentences: rooms },
  { title: 'Presence in rooms', values: presenceLimits, sentences: presence },
];
