// What signaling reads from the environment: what peers may cost is bounded here, by name.
import type { PresenceLimits } from '@millrace/live-store';
import { parseTypedUrl } from '@millrace/protocol/bytes';
import {
  bytes,
  commonSettings,
  ConfigError,
  defineSettings,
  gracePeriodMs,
  list,
  milliseconds,
  port,
  setting,
  text,
  wholeNumber,
} from '@millrace/service-kit';
import type { ValuesOf } from '@millrace/service-kit';

const KIB = 1024;
const MIB = 1024 * KIB;

function isOrigin(text: string): boolean {
  const typed = parseTypedUrl(text);
  return typeof typed !== 'string' && typed.url.origin === text;
}

/** `scheme://host[:port]`, as browsers send it, or `*`; several are separated by commas. */
const origins = list.refine(
  (all) => all.every((origin) => origin === '*' || isOrigin(origin)),
  'must be origins such as https://app.example.com, separated by commas, or *',
);

const admission = {
  signalingHost: setting('MILLRACE_SIGNALING_HOST', text, '0.0.0.0', 'Address on which signaling listens.'),
  signalingPort: setting('MILLRACE_SIGNALING_PORT', port, 8081, 'Port for signaling (WebSocket at /v1/rooms).'),
  signalingAllowedOrigins: setting(
    'MILLRACE_SIGNALING_ALLOWED_ORIGINS',
    origins,
    ['*'],
    'Web origins whose pages may connect, separated by commas; *: any; empty: none. Clients other than browsers send no origin and may always connect.',
    { emptyIsNone: true },
  ),
  signalingTrustedProxies: setting(
    'MILLRACE_SIGNALING_TRUSTED_PROXIES',
    wholeNumber(0, 16),
    0,
    'Number of proxies in front that each append the address they see to X-Forwarded-For; 0: the header is ignored.',
  ),
  signalingMaxSockets: setting(
    'MILLRACE_SIGNALING_MAX_SOCKETS',
    wholeNumber(1, 1_000_000),
    10_000,
    'Maximum number of open signaling sockets; any more are answered 503.',
  ),
  signalingMaxSocketsPerAddress: setting(
    'MILLRACE_SIGNALING_MAX_SOCKETS_PER_ADDRESS',
    wholeNumber(1, 1_000_000),
    2_500,
    'How many of those sockets may come from one address (IPv6: one /64 network) without having joined a room; any more are answered 429.',
  ),
  signalingConnectsPerMinute: setting(
    'MILLRACE_SIGNALING_CONNECTS_PER_MINUTE',
    wholeNumber(1, 10_000_000),
    3_000,
    'How many sockets one address may open per minute; any more are answered 429.',
  ),
};

const socket = {
  signalingJoinMs: setting(
    'MILLRACE_SIGNALING_JOIN_MS',
    milliseconds(1),
    10_000,
    'How long a socket may be open before it joins a room, in milliseconds.',
  ),
  signalingMaxMessageBytes: setting(
    'MILLRACE_SIGNALING_MAX_MESSAGE_BYTES',
    bytes(KIB, 16 * MIB),
    128 * KIB,
    'Largest message of a participant, in bytes.',
  ),
  signalingMaxUnjoinedBytes: setting(
    'MILLRACE_SIGNALING_MAX_UNJOINED_BYTES',
    bytes(KIB, 16 * MIB),
    16 * KIB,
    'How much a client may send before it has joined, in bytes.',
  ),
  signalingMessagesPerSecond: setting(
    'MILLRACE_SIGNALING_MESSAGES_PER_SECOND',
    wholeNumber(1, 1_000_000),
    50,
    'Sustained rate at which a participant may send messages, per second.',
  ),
  signalingMessageBurst: setting(
    'MILLRACE_SIGNALING_MESSAGE_BURST',
    wholeNumber(1, 1_000_000),
    500,
    'How many messages a participant may send in a burst, such as when it sets up calls with all others in a room.',
  ),
  signalingBadMessageBurst: setting(
    'MILLRACE_SIGNALING_BAD_MESSAGE_BURST',
    wholeNumber(1, 1_000_000),
    16,
    'How many messages that this server does not understand a socket may send in a burst; any more close it.',
  ),
  signalingBadMessagesPerMinute: setting(
    'MILLRACE_SIGNALING_BAD_MESSAGES_PER_MINUTE',
    wholeNumber(1, 1_000_000),
    60,
    'Sustained rate at which a socket may send such messages, per minute.',
  ),
  signalingMaxUnsentBytes: setting(
    'MILLRACE_SIGNALING_MAX_UNSENT_BYTES',
    bytes(4 * KIB),
    MIB,
    'How much data may wait for a client to read it, in bytes; beyond that the client is disconnected.',
  ),
  signalingPingMs: setting(
    'MILLRACE_SIGNALING_PING_MS',
    milliseconds(20),
    10_000,
    'How long a socket may be silent before it is pinged, in milliseconds; after twice this time it is considered dead.',
  ),
  signalingDrainMs: setting(
    'MILLRACE_SIGNALING_DRAIN_MS',
    milliseconds(),
    5_000,
    'How long a stopping server waits for the clients it has asked to resume elsewhere, in milliseconds.',
  ),
  signalingAuthorizeMs: setting(
    'MILLRACE_SIGNALING_AUTHORIZE_MS',
    milliseconds(1),
    5_000,
    'How long the control plane may take to check a join token, in milliseconds.',
  ),
};

const negotiation = {
  signalingMaxSdpBytes: setting(
    'MILLRACE_SIGNALING_MAX_SDP_BYTES',
    bytes(KIB, 16 * MIB),
    64 * KIB,
    'Largest session description of an offer or an answer, in bytes.',
  ),
  signalingMaxSdpSections: setting(
    'MILLRACE_SIGNALING_MAX_SDP_SECTIONS',
    wholeNumber(1, 1_024),
    32,
    'How many media sections (m=) a session description may have, not counting stopped ones.',
  ),
  signalingMaxCandidates: setting(
    'MILLRACE_SIGNALING_MAX_CANDIDATES',
    wholeNumber(1, 100_000),
    128,
    'How many ICE candidates a participant may send to another for each offer or answer.',
  ),
};

const rooms = {
  roomMaxNameLength: setting(
    'MILLRACE_ROOM_MAX_NAME_LENGTH',
    wholeNumber(1, 1_024),
    128,
    'Longest name of a participant, in UTF-16 units.',
  ),
  roomMaxMetadataBytes: setting(
    'MILLRACE_ROOM_MAX_METADATA_BYTES',
    bytes(0, MIB),
    2 * KIB,
    'Largest metadata of a participant, in bytes of JSON.',
  ),
  roomMaxChatBytes: setting(
    'MILLRACE_ROOM_MAX_CHAT_BYTES',
    bytes(1, MIB),
    4 * KIB,
    'Longest chat message, in bytes of UTF-8.',
  ),
  roomResumeMs: setting(
    'MILLRACE_ROOM_RESUME_MS',
    milliseconds(1),
    15_000,
    'How long a participant whose socket dropped can resume its place, in milliseconds. The same on every server.',
  ),
  roomEmptyMs: setting(
    'MILLRACE_ROOM_EMPTY_MS',
    milliseconds(),
    30_000,
    'How long an empty room stays open, in milliseconds. The same on every server.',
  ),
  roomLeaseMs: setting(
    'MILLRACE_ROOM_LEASE_MS',
    milliseconds(500),
    3_500,
    'How long a signaling server may be unresponsive before its participants count as reconnecting, in milliseconds.',
  ),
  roomRenewMs: setting(
    'MILLRACE_ROOM_RENEW_MS',
    milliseconds(20),
    1_000,
    'How often a signaling server renews its lease, in milliseconds; below a third of MILLRACE_ROOM_LEASE_MS.',
  ),
  roomSweepMs: setting(
    'MILLRACE_ROOM_SWEEP_MS',
    milliseconds(20),
    500,
    'How often a signaling server looks for expired participants and rooms, in milliseconds.',
  ),
  roomMaxWaitingMessages: setting(
    'MILLRACE_ROOM_MAX_WAITING_MESSAGES',
    wholeNumber(16, 100_000),
    512,
    'How many unacknowledged messages are kept for a participant; beyond that the oldest is dropped. The same on every server.',
  ),
  roomMaxWaitingBytes: setting(
    'MILLRACE_ROOM_MAX_WAITING_BYTES',
    bytes(256 * KIB),
    MIB,
    'How many bytes of unacknowledged messages are kept for a participant.',
  ),
};

const { natsUrl, redisUrl, logLevel, logPretty, metricsHost, metricsPort, instanceId } = commonSettings;
const { stopGraceMs, drainReadinessLagMs, adminDrain, podDeletionCost, podName, podNamespace } = commonSettings;
const { kubernetesHost, kubernetesPort } = commonSettings;
const common = {
  natsUrl,
  redisUrl,
  logLevel,
  logPretty,
  metricsHost,
  metricsPort,
  instanceId,
  stopGraceMs,
  drainReadinessLagMs,
  adminDrain,
  podDeletionCost,
  podName,
  podNamespace,
  kubernetesHost,
  kubernetesPort,
};

export const signalingSettings = defineSettings({ ...common, ...admission, ...socket, ...negotiation, ...rooms });

export type SignalingSettings = ValuesOf<typeof signalingSettings>;

/** The settings that signaling itself reads. */
export type RoomsSettings = Omit<
  SignalingSettings,
  'natsUrl' | 'redisUrl' | 'logLevel' | 'logPretty' | 'metricsHost' | 'metricsPort'
>;

/** @throws ConfigError when settings do not go together */
export function checkedSettings(settings: RoomsSettings): RoomsSettings {
  const { roomLeaseMs, roomRenewMs, signalingMaxMessageBytes, signalingMaxUnjoinedBytes } = settings;
  // A lease must live through two renewals that fail.
  if (roomRenewMs * 3 > roomLeaseMs)
    throw fault('MILLRACE_ROOM_RENEW_MS', `must be at most a third of MILLRACE_ROOM_LEASE_MS, which is ${roomLeaseMs}`);
  // A larger message than the mailbox holds could never be read from it.
  if (signalingMaxUnjoinedBytes > signalingMaxMessageBytes)
    throw fault(
      'MILLRACE_SIGNALING_MAX_UNJOINED_BYTES',
      `must be at most MILLRACE_SIGNALING_MAX_MESSAGE_BYTES, which is ${signalingMaxMessageBytes}`,
    );
  return settings;
}

const fault = (variable: string, text: string): ConfigError => new ConfigError([{ variable, fault: text }]);

/** How long a stop of signaling may take in all, in milliseconds. */
export const signalingGracePeriodMs = (settings: SignalingSettings): number =>
  gracePeriodMs(settings, settings.signalingDrainMs);

/** The limits of the presence store that these settings ask for. */
export function presenceLimitsOf(settings: Pick<SignalingSettings, keyof typeof rooms>): Partial<PresenceLimits> {
  return {
    leaseMs: settings.roomLeaseMs,
    resumeWindowMs: settings.roomResumeMs,
    emptyRoomMs: settings.roomEmptyMs,
    maxMailboxMessages: settings.roomMaxWaitingMessages,
    maxMailboxBytes: settings.roomMaxWaitingBytes,
  };
}
