// Limits that the code fixes: no use for another value is known. The types make sure that each has its sentence.
import { MEMORY_FRAME_BUS_DEFAULTS, NATS_FRAME_BUS_DEFAULTS } from '@millrace/frame-bus';
import { PLAYBACK_CODE_LIMITS, ROOM_CODE_LIMITS, SESSION_CODE_LIMITS } from '@millrace/gateway';
import { DEFAULT_LIVE_STORE_LIMITS, DEFAULT_PRESENCE_LIMITS } from '@millrace/live-store';
import { METADATA_LIMITS } from '@millrace/packager';
import { DEFAULT_SERVER_SESSION_LIMITS } from '@millrace/protocol/rtmp';
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
  batchWaitMs: 'How long a frame waits for others to go with it',
  batchBytes: 'Size at which a batch of frames goes',
  maxFrameBytes: 'Largest frame',
  maxInflightBytes: 'Unconfirmed bytes of a publisher above which its encoder’s socket is not read',
  retainBytes: 'Confirmed frames that an edge keeps of a publisher until they are committed',
  ackBytes: 'Bytes after which NATS is asked to confirm',
  ackIntervalMs: 'Time after which NATS is asked to confirm',
  ackTimeoutMs: 'Time after which what is not confirmed is sent again',
  stuckAfterMs: 'After which edges refuse publishers when NATS has taken no frames',
  lingerMs: 'How long an edge keeps the uncommitted frames of a publisher that is gone',
  lingerBytes: 'Most that all of those may be together',
  sendWindowBytes: 'Most that is handed to the connection before NATS has answered',
  sendProbeBytes: 'How often NATS is asked whether it has read so far',
  gapWaitMs: 'How long a reader waits for missing frames before it goes on without them',
  gapPollMs: 'How often it looks for them',
  settleMs: 'When the end of the log is looked at once more',
  maxHeldBytes: 'Live frames that a reader holds while it reads the log',
  readBatchMessages: 'Messages of the log that are asked for at once',
  keyframeSearchMs: 'How far back a keyframe is looked for at first',
  streamsTimeoutMs: 'The first wait of an edge for the streams that packagers make.',
  connectTimeoutMs: 'How long the first connection to NATS may take',
  reconnectWaitMs: 'Pause between attempts to connect to NATS',
  requestTimeoutMs: 'Longest wait for an answer of NATS',
  markTimeoutMs: 'A commit mark that NATS has not confirmed by then is kept in its memory',
  marksRetryMs: 'How often a disk that took no marks is tried again',
  pingIntervalMs: 'How often a quiet connection to NATS is checked',
  closeTimeoutMs: 'How long a stop waits for what is unconfirmed',
};

const memory: Sentences<typeof memoryLimits> = {
  maxBytesPerStream: 'Log of one stream',
  maxFrameBytes: 'Largest frame',
  maxIdleMs: 'After which a stream without publisher and reader is forgotten',
};

const liveStore: Sentences<typeof DEFAULT_LIVE_STORE_LIMITS> = {
  claimTtlMs: 'How long a publisher’s claim lives without being renewed',
  outageMs: 'An outage longer than this does not count against claims and reconnect windows',
  sessionTtlMs: 'How long a session that nobody ends is kept',
  segmentBackstopMs: 'How long segments outlive a packager that nobody followed',
  headTtlMs: 'How long a stream’s numbers are kept after its last segment',
};

const rooms: Sentences<typeof ROOM_CODE_LIMITS> = {
  maxTokenLength: 'Join token, in characters',
  maxIdentityLength: 'Identity in a token, in UTF-16 units',
  maxParticipantNameLength: 'Name in a token, likewise',
  maxRoomNameLength: 'Name of a room, likewise',
  clockToleranceMs: 'How far the clock of whoever signed a token may be apart',
  keptEndedRooms: 'Ended rooms of a tenant that are kept; the oldest go first',
  keptRevokedKeys: 'Revoked signing keys of a tenant that are kept, likewise',
  freshTokenSpareMs: 'How much longer than the resume window a fresh join token lasts',
  maxTokenIdLength: 'Id of a token (`jti`), in UTF-16 units; of a longer one a hash is taken',
};

/** Likewise: those that every signaling server must have alike stand here, the others are set. */
const { rememberMs, outageMs } = DEFAULT_PRESENCE_LIMITS;
const presenceLimits = { rememberMs, outageMs };
const presence: Sentences<typeof presenceLimits> = {
  rememberMs: 'How long it is remembered why a participant is gone, and that a room was ended',
  outageMs: 'An outage longer than this does not count against who reconnects',
};

/** The others are set by the environment. */
const { maxStreams, maxNameBytes, maxTextBytes, commands, controlReplies, dataMessages, minAcknowledgementBytes } =
  DEFAULT_SERVER_SESSION_LIMITS;
const sessionLimits = {
  ...{ maxStreams, maxNameBytes, maxTextBytes },
  ...{ commands, controlReplies, dataMessages, minAcknowledgementBytes },
};
const session: Sentences<typeof sessionLimits> = {
  maxStreams: 'Message streams of one connection',
  maxNameBytes: 'Name of an app or a stream',
  maxTextBytes: 'Other texts that a client sends when it connects',
  commands: 'Commands of a client: at once, and per second',
  controlReplies: 'Answers to pings and the like: at once, and per second',
  dataMessages: 'Data messages, such as metadata: at once, and per second',
  minAcknowledgementBytes: 'Smallest window that a client may ask acknowledgements for',
};

const intake: Sentences<typeof INTAKE_LIMITS> = {
  maxAssembledBytes: 'A picture that comes in several messages; beyond it, it is passed on in parts',
  longestWaitMs: 'How long such a picture waits for its rest while the sound goes on',
  maxFramesPerMessage: 'MP3 or ADTS frames that are taken from one message',
  unreadableAfterMs: 'How long nothing of a track could be read when its session warns of it',
};

const timedMetadata: Sentences<typeof METADATA_LIMITS> = {
  maxMessageBytes: 'A data message of an encoder that viewers get, as it came and as text; longer ones are left out',
  maxNameBytes: 'Name of such a message',
  maxValues: 'Values inside of values of such a message',
  maxTagsPerSecond: 'Such messages of a segment, for each second of it',
  maxBytesPerSecond: 'What they may have together, for each second of it',
};

const sessions: Sentences<typeof SESSION_CODE_LIMITS> = {
  keptConnections: 'Connections of a session that are kept, the newest',
  keptEndedSessions: 'Ended sessions of a stream that are kept, likewise',
};

const playback: Sentences<typeof PLAYBACK_CODE_LIMITS> = {
  maxViewers: 'Viewers that one gateway tells apart, each by a number of 48 bits',
  maxViewersPerAddress: 'Those of them that one address (IPv6: one /64 network) may account for',
  maxViewersPerTenant: 'Those of them that the streams of one tenant may account for',
  maxMeteredTenants: 'Tenants whose numbers wait for the next collection of metrics',
  maxReads: 'Segments that one gateway reads from the live store at once',
  maxReadsPerAddress: 'Those of them that were first asked for from one address (IPv6: one /64 network)',
  maxReadsPerTenant: 'Those of them that are of streams of one tenant',
  maxUnlistedReads: 'Segments beside them that no playlist lists: made up, or older',
  maxUnlistedReadsPerAddress: 'Those of them from one address likewise',
  maxUnlistedReadsPerTenant: 'Those of them of one tenant likewise',
  maxLookups: 'Playback ids that nothing is remembered of which wait for PostgreSQL at once',
  maxLookupsPerAddress: 'Those of them from one address likewise',
};

export const codeLimits: readonly Group[] = [
  { title: 'RTMP sessions', values: sessionLimits, sentences: session },
  { title: 'RTMP media', values: INTAKE_LIMITS, sentences: intake },
  { title: 'Timed metadata', values: METADATA_LIMITS, sentences: timedMetadata },
  { title: 'Frames over NATS', values: natsLimits, sentences: nats },
  { title: 'Frames in one process', values: memoryLimits, sentences: memory },
  { title: 'Live store', values: DEFAULT_LIVE_STORE_LIMITS, sentences: liveStore },
  { title: 'Playback', values: PLAYBACK_CODE_LIMITS, sentences: playback },
  { title: 'Sessions', values: SESSION_CODE_LIMITS, sentences: sessions },
  { title: 'Rooms and tokens', values: ROOM_CODE_LIMITS, sentences: rooms },
  { title: 'Presence in rooms', values: presenceLimits, sentences: presence },
];
