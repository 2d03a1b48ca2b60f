// What the gateway reads from the environment.
import {
  addressRanges,
  bytes,
  commonSettings,
  defineSettings,
  flag,
  FORWARDING_HEADERS,
  gracePeriodMs,
  milliseconds,
  port,
  setting,
  text,
  url,
  wholeNumber,
} from '@millrace/service-kit';
import type { ValuesOf } from '@millrace/service-kit';
import { isSecretKey } from '@millrace/domain';
import { playoutSettings } from '@millrace/playout';
import { z } from 'zod';
import { apiSettings } from './api-settings.ts';
import { consoleSettings } from './console-settings.ts';
import { eventSettings } from './event-settings.ts';
import { playbackSettings } from './playback-settings.ts';
import { roomSettings } from './room-settings.ts';
import { sourceSettings } from './source-settings.ts';
import { usageSettings } from './usage-settings.ts';
import { simulcastTargetSettings } from './simulcast-settings.ts';
import { webhookSettings } from './webhook-settings.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const DAY_MS = 24 * 60 * 60 * 1000;

const baseUrl = (...schemes: string[]) => url(...schemes).transform((address) => address.replace(/\/+$/, ''));
const operatorKey = z
  .string()
  .refine((key) => isSecretKey('mr_op', key), 'must be an operator key: mr_op_ and 36 characters');

const http = {
  httpHost: setting(
    'MILLRACE_HTTP_HOST',
    text,
    '127.0.0.1',
    'Address on which HTTP listens; use 0.0.0.0 or :: to be reachable from other machines.',
  ),
  httpPort: setting('MILLRACE_HTTP_PORT', port, 8080, 'Port for REST, HLS and the web pages.'),
  publicUrl: setting(
    'MILLRACE_PUBLIC_URL',
    baseUrl('http', 'https'),
    'http://localhost:8080',
    'URL at which browsers and players reach this gateway; links in responses begin with it.',
  ),
  publicRtmpUrl: setting(
    'MILLRACE_PUBLIC_RTMP_URL',
    baseUrl('rtmp', 'rtmps'),
    'rtmp://localhost:1935/live',
    'RTMP URL that encoders publish to, as given in responses.',
  ),
  publicRtmpsUrl: setting(
    'MILLRACE_PUBLIC_RTMPS_URL',
    baseUrl('rtmps').optional(),
    undefined,
    'RTMPS URL that encoders publish to, as given in responses beside the URL without encryption.',
  ),
  publicRtspUrl: setting(
    'MILLRACE_PUBLIC_RTSP_URL',
    baseUrl('rtsp', 'rtsps').optional(),
    undefined,
    'RTSP URL that encoders publish to, as given in responses; when not set, RTSP is not mentioned, except by `npm start`, which knows it.',
  ),
  publicSrtUrl: setting(
    'MILLRACE_PUBLIC_SRT_URL',
    baseUrl('srt').optional(),
    undefined,
    'SRT URL that encoders publish to, as given in responses, without a stream id; when not set, SRT is not mentioned, except by `npm start`, which knows it.',
  ),
  rtmpLoginApps: commonSettings.rtmpLoginApps,
  srtSeenHandshakesPerKey: setting(
    'MILLRACE_SRT_SEEN_HANDSHAKES_PER_KEY',
    wholeNumber(0, 3_000),
    1_000,
    'How many handshakes of SRT with a passphrase are remembered for each stream key, 20 bytes each, so that recordings of them open nothing; 0: none.',
  ),
  loginChallengeMs: setting(
    'MILLRACE_RTMP_LOGIN_MS',
    milliseconds(1_000),
    30_000,
    'How long an encoder may take to answer a user name and password challenge, in milliseconds.',
  ),
  httpMaxBodyBytes: setting(
    'MILLRACE_HTTP_MAX_BODY_BYTES',
    bytes(KIB, 16 * MIB),
    64 * KIB,
    'Largest body of a REST request, in bytes.',
  ),
  httpMaxHeaderBytes: setting(
    'MILLRACE_HTTP_MAX_HEADER_BYTES',
    bytes(KIB, MIB),
    16 * KIB,
    'Largest request line and headers together, in bytes.',
  ),
  httpMaxConnections: setting(
    'MILLRACE_HTTP_MAX_CONNECTIONS',
    wholeNumber(1, 1_000_000),
    20_000,
    'Maximum number of open HTTP connections; any more are closed.',
  ),
  httpMaxConnectionsPerAddress: setting(
    'MILLRACE_HTTP_MAX_CONNECTIONS_PER_ADDRESS',
    wholeNumber(1, 1_000_000),
    1_000,
    'How many of those HTTP connections may come from one address (IPv6: one /64 network) that is not a trusted proxy.',
  ),
  httpTrustedProxies: setting(
    'MILLRACE_HTTP_TRUSTED_PROXIES',
    addressRanges,
    ['127.0.0.0/8', '::1'],
    'Address ranges of the proxies trusted to name the client of a request, separated by commas; limits, logs and metrics then use that client.',
    { emptyIsNone: true },
  ),
  httpForwardedHeader: setting(
    'MILLRACE_HTTP_FORWARDED_HEADER',
    z.enum(FORWARDING_HEADERS),
    'x-forwarded-for',
    'Header in which trusted proxies name the client: x-forwarded-for, or forwarded (RFC 7239). The other one is ignored, since a client could have set it.',
  ),
  httpProxyProtocol: setting(
    'MILLRACE_HTTP_PROXY_PROTOCOL',
    flag,
    false,
    'Whether every HTTP connection comes from a trusted proxy and begins with a PROXY protocol version 2 header.',
  ),
  httpRequestTimeoutMs: setting(
    'MILLRACE_HTTP_REQUEST_TIMEOUT_MS',
    milliseconds(1),
    15_000,
    'How long a client may take to send a complete request, in milliseconds.',
  ),
  httpKeepAliveMs: setting(
    'MILLRACE_HTTP_KEEP_ALIVE_MS',
    milliseconds(1),
    72_000,
    'How long a connection may be idle between requests, in milliseconds.',
  ),
  httpSendTimeoutMs: setting(
    'MILLRACE_HTTP_SEND_TIMEOUT_MS',
    milliseconds(1),
    60_000,
    'How long a client may read nothing of its response before it is disconnected, in milliseconds.',
  ),
  http2MaxStreams: setting(
    'MILLRACE_HTTP2_MAX_STREAMS',
    wholeNumber(1, 10_000),
    100,
    'How many requests may be open at once on one HTTP/2 connection.',
  ),
  httpsPort: setting(
    'MILLRACE_HTTPS_PORT',
    port,
    8443,
    'Port for HTTPS, with HTTP/2; opened where MILLRACE_HTTPS_CERT_FILE is set.',
  ),
  httpsCertFile: setting(
    'MILLRACE_HTTPS_CERT_FILE',
    text.optional(),
    undefined,
    'File with the certificate chain for HTTPS, in PEM. Reloaded when it changes.',
  ),
  httpsKeyFile: setting(
    'MILLRACE_HTTPS_KEY_FILE',
    text.optional(),
    undefined,
    'File with the private key for HTTPS, in PEM. Reloaded when it changes.',
  ),
  tlsReloadMs: commonSettings.tlsReloadMs,
  httpDrainMs: setting(
    'MILLRACE_HTTP_DRAIN_MS',
    milliseconds(),
    5_000,
    'How long a stopping gateway waits for requests in flight, including held ones, in milliseconds.',
  ),
};

const keys = {
  operatorKey: setting(
    'MILLRACE_OPERATOR_KEY',
    operatorKey.optional(),
    undefined,
    "The operator's REST key; when not set, it is generated and stored hashed.",
    { secret: true },
  ),
  keyPepper: setting(
    'MILLRACE_KEY_PEPPER',
    z.string().min(32, 'must have at least 32 characters').optional(),
    undefined,
    'Secret with which keys are hashed, the same on every gateway; when not set, it is kept in the data folder.',
    { secret: true },
  ),
};

const controlMessages = {
  acceptClearRequests: setting(
    'MILLRACE_ACCEPT_CLEAR_REQUESTS',
    flag,
    false,
    'Whether unsealed requests are answered too; needed only while upgrading services from an older release.',
  ),
};

const database = {
  databaseMigrate: setting(
    'MILLRACE_DATABASE_MIGRATE',
    flag,
    true,
    'Whether a gateway migrates the database when it starts; otherwise it is not ready until another process has.',
  ),
  databaseMaxConnections: setting(
    'MILLRACE_DATABASE_MAX_CONNECTIONS',
    wholeNumber(2, 1_000),
    10,
    'Maximum number of PostgreSQL connections of one gateway.',
  ),
  databaseConnectTimeoutMs: setting(
    'MILLRACE_DATABASE_CONNECT_TIMEOUT_MS',
    milliseconds(1),
    1_000,
    'How long a request waits for a PostgreSQL connection, in milliseconds.',
  ),
  databaseQueryTimeoutMs: setting(
    'MILLRACE_DATABASE_QUERY_TIMEOUT_MS',
    milliseconds(1),
    1_500,
    'How long one query may take, in milliseconds.',
  ),
};

const limits = {
  maxStreamsPerTenant: setting(
    'MILLRACE_MAX_STREAMS_PER_TENANT',
    wholeNumber(1, 1_000_000),
    10_000,
    'How many live streams a tenant may define.',
  ),
  maxKeysPerStream: setting(
    'MILLRACE_MAX_KEYS_PER_STREAM',
    wholeNumber(1, 1_000),
    20,
    'How many active stream keys one stream may have.',
  ),
  maxPlaybackIdsPerStream: setting(
    'MILLRACE_MAX_PLAYBACK_IDS_PER_STREAM',
    wholeNumber(1, 1_000),
    20,
    'How many playback ids one stream may have.',
  ),
  maxApiKeysPerTenant: setting(
    'MILLRACE_MAX_API_KEYS_PER_TENANT',
    wholeNumber(1, 10_000),
    100,
    'How many REST keys a tenant may have.',
  ),
};

const hls = {
  hlsWaitMs: setting(
    'MILLRACE_HLS_WAIT_MS',
    milliseconds(),
    15_000,
    'How long a playlist request for a stream that is not live yet is held, in milliseconds; and a request for FLV of a stream that is pulled on demand.',
  ),
  hlsMaxWaiters: setting(
    'MILLRACE_HLS_MAX_WAITERS',
    wholeNumber(0, 1_000_000),
    2_000,
    'How many such requests are held at the same time; any more are answered 503 immediately.',
  ),
  hlsMaxWaitersPerAddress: setting(
    'MILLRACE_HLS_MAX_WAITERS_PER_ADDRESS',
    wholeNumber(0, 1_000_000),
    200,
    'How many held playlist requests may come from one address (IPv6: one /64 network).',
  ),
  hlsMaxWaitersPerTenant: setting(
    'MILLRACE_HLS_MAX_WAITERS_PER_TENANT',
    wholeNumber(0, 1_000_000),
    1_000,
    'How many held playlist requests may be for streams of one tenant.',
  ),
  hlsMaxHeld: setting(
    'MILLRACE_HLS_MAX_HELD',
    wholeNumber(0, 1_000_000),
    20_000,
    'How many low-latency requests are held at the same time until their part or playlist is there; any more are answered 503 immediately.',
  ),
  hlsMaxHeldPerAddress: setting(
    'MILLRACE_HLS_MAX_HELD_PER_ADDRESS',
    wholeNumber(0, 1_000_000),
    2_000,
    'How many held low-latency requests may come from one address (IPv6: one /64 network); a viewer has up to four.',
  ),
  hlsMaxHeldPerTenant: setting(
    'MILLRACE_HLS_MAX_HELD_PER_TENANT',
    wholeNumber(0, 1_000_000),
    10_000,
    'How many held low-latency requests may be for streams of one tenant.',
  ),
  hlsStaleMs: setting(
    'MILLRACE_HLS_STALE_MS',
    milliseconds(),
    15_000,
    'How long a playlist is still served while the live store is down or has lost it, in milliseconds.',
  ),
  hlsMaxStreams: setting(
    'MILLRACE_HLS_MAX_STREAMS',
    wholeNumber(1, 1_000_000),
    10_000,
    'How many playlists one gateway caches.',
  ),
  segmentCacheBytes: setting(
    'MILLRACE_SEGMENT_CACHE_BYTES',
    bytes(),
    256 * MIB,
    "Size of a gateway's segment cache, in bytes; 0: no cache.",
  ),
};

const publishing = {
  rememberMs: setting(
    'MILLRACE_REMEMBER_MS',
    milliseconds(1),
    DAY_MS,
    'How long known keys and playback ids keep working while PostgreSQL is down, in milliseconds.',
  ),
  reconcileMs: setting(
    'MILLRACE_RECONCILE_MS',
    milliseconds(100),
    5_000,
    'How often live streams and rooms are compared with PostgreSQL, in milliseconds.',
  ),
  sessionRetentionMs: setting(
    'MILLRACE_SESSION_RETENTION_MS',
    wholeNumber(1, 3_660 * DAY_MS),
    60 * DAY_MS,
    'How long ended sessions are kept, in milliseconds.',
  ),
  streamKeyExpiringMs: setting(
    'MILLRACE_STREAM_KEY_EXPIRING_MS',
    wholeNumber(60_000, 365 * DAY_MS),
    DAY_MS,
    'How long before a stream key expires its tenant is told by an event, in milliseconds.',
  ),
  deletedTenantRetentionMs: setting(
    'MILLRACE_DELETED_TENANT_RETENTION_MS',
    wholeNumber(1, 3_660 * DAY_MS),
    7 * DAY_MS,
    'How long the data of a deleted tenant is kept, in milliseconds; until then it can be restored.',
  ),
  sessionHealthMinuteRetentionMs: setting(
    'MILLRACE_SESSION_HEALTH_MINUTE_RETENTION_MS',
    wholeNumber(1, 3_660 * DAY_MS),
    7 * DAY_MS,
    'How long what encoders sent is kept minute by minute, in milliseconds; after that, in steps of five minutes.',
  ),
  sessionHealthRetentionMs: setting(
    'MILLRACE_SESSION_HEALTH_RETENTION_MS',
    wholeNumber(1, 3_660 * DAY_MS),
    60 * DAY_MS,
    'How long what encoders sent is kept at all, in milliseconds; not longer than its session.',
  ),
};

const {
  natsUrl,
  natsShards,
  redisUrl,
  databaseUrl,
  logLevel,
  logPretty,
  metricsHost,
  metricsPort,
  dataDir,
  instanceId,
} = commonSettings;
const { stopGraceMs, drainReadinessLagMs, adminDrain, podDeletionCost, podName, podNamespace } = commonSettings;
const { metricsTenantLimit, kubernetesHost, kubernetesPort } = commonSettings;
const common = {
  natsUrl,
  natsShards,
  redisUrl,
  databaseUrl,
  logLevel,
  logPretty,
  metricsHost,
  metricsPort,
  metricsTenantLimit,
  dataDir,
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

export const gatewaySettings = defineSettings({
  ...common,
  ...http,
  ...keys,
  ...controlMessages,
  ...database,
  ...limits,
  ...apiSettings,
  ...hls,
  ...playoutSettings,
  ...playbackSettings,
  ...publishing,
  ...roomSettings,
  ...eventSettings,
  ...webhookSettings,
  ...sourceSettings,
  ...simulcastTargetSettings,
  ...usageSettings,
  ...consoleSettings,
});

export type GatewaySettings = ValuesOf<typeof gatewaySettings>;

/** How long a stop of a gateway may take in all, in milliseconds. */
export const gatewayGracePeriodMs = (settings: GatewaySettings): number =>
  gracePeriodMs(settings, settings.httpDrainMs);
