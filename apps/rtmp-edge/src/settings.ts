// Every setting of the RTMP edge: what peers may cost is bounded here, by name.
import { edgeProcessSettings, edgeSettings, httpPullSettings, pullSettings } from '@millrace/ingest';
import type { PullSettings } from '@millrace/ingest';
import {
  addressRanges,
  bytes,
  commonSettings,
  defineSettings,
  flag,
  gracePeriodMs,
  milliseconds,
  port,
  setting,
  text,
  url,
  wholeNumber,
} from '@millrace/service-kit';
import { playersBytes, playerSettings, settingsOfPlayers, simulcastSettings } from '@millrace/playout';
import type { PlayoutSettings } from '@millrace/playout';
import type { ValuesOf } from '@millrace/service-kit';

const KiB = 1024;
const MiB = 1024 * KiB;

export const rtmpEdgeSettings = defineSettings({
  ...edgeSettings,
  rtmpLoginApps: commonSettings.rtmpLoginApps,
  rtmpHost: setting(
    'MILLRACE_RTMP_HOST',
    text,
    '::',
    'Address on which RTMP and RTMPS listen; `::` means all addresses, IPv4 and IPv6, or IPv4 only where there is no IPv6.',
  ),
  rtmpPort: setting('MILLRACE_RTMP_PORT', port, 1935, 'Port for RTMP.'),
  rtmpsPort: setting('MILLRACE_RTMPS_PORT', port, 1936, 'Port for RTMPS; opened when there is a certificate.'),
  proxyProtocol: setting(
    'MILLRACE_RTMP_PROXY_PROTOCOL',
    flag,
    false,
    'Whether every connection begins with a PROXY protocol version 2 header that names the client.',
  ),
  proxyFrom: setting(
    'MILLRACE_RTMP_PROXY_FROM',
    addressRanges.optional(),
    undefined,
    'Address ranges of the load balancers trusted to send that header, separated by commas; connections from other addresses are closed.',
  ),
  tlsCertFile: setting(
    'MILLRACE_TLS_CERT_FILE',
    text.optional(),
    undefined,
    'File with the certificate chain for RTMPS, in PEM. Reloaded when it changes.',
  ),
  tlsKeyFile: setting(
    'MILLRACE_TLS_KEY_FILE',
    text.optional(),
    undefined,
    'File with the private key for RTMPS, in PEM. Reloaded when it changes.',
  ),
  tlsReloadMs: commonSettings.tlsReloadMs,
  maxConnections: setting(
    'MILLRACE_RTMP_MAX_CONNECTIONS',
    wholeNumber(1, 1_000_000),
    4_096,
    'Maximum number of open RTMP connections.',
  ),
  maxConnectionsPerAddress: setting(
    'MILLRACE_RTMP_MAX_CONNECTIONS_PER_ADDRESS',
    wholeNumber(1, 1_000_000),
    256,
    'How many RTMP connections may come from one address (IPv6: one /64 network).',
  ),
  handshakeMs: setting(
    'MILLRACE_RTMP_HANDSHAKE_MS',
    milliseconds(1),
    5_000,
    'How long a client may take for the RTMP handshake, and for the TLS handshake before it, in milliseconds.',
  ),
  onlyUnsupportedMs: setting(
    'MILLRACE_RTMP_ONLY_UNSUPPORTED_MS',
    milliseconds(1),
    2_000,
    'How long a publisher may send only tracks with unsupported codecs before it is refused, in milliseconds.',
  ),
  maxTracks: setting(
    'MILLRACE_RTMP_MAX_TRACKS',
    wholeNumber(2, 64),
    12,
    'How many tracks of one publisher are carried, video and audio together (Enhanced RTMP multitrack); one of each kind always is.',
  ),
  setupMs: setting(
    'MILLRACE_RTMP_SETUP_MS',
    milliseconds(1),
    10_000,
    'How long a client may be connected without publishing or playing, in milliseconds.',
  ),
  setupBytes: setting(
    'MILLRACE_RTMP_SETUP_BYTES',
    bytes(4 * KiB),
    64 * KiB,
    'How much a client may send before it publishes or plays, in bytes.',
  ),
  earlyBytes: setting(
    'MILLRACE_RTMP_EARLY_BYTES',
    bytes(4 * KiB),
    256 * KiB,
    'How much a client may send after its publish request before that is decided, in bytes; it is kept until then.',
  ),
  earlyTotalBytes: setting(
    'MILLRACE_RTMP_EARLY_TOTAL_BYTES',
    bytes(4 * KiB),
    64 * MiB,
    'How much of that all clients together may have sent, in bytes; beyond it, clients that may still ask to publish wait unread.',
  ),
  idleMs: setting(
    'MILLRACE_RTMP_IDLE_MS',
    milliseconds(4),
    10_000,
    'How long a publisher may send nothing before it is disconnected, in milliseconds.',
  ),
  trackWaitMs: setting(
    'MILLRACE_RTMP_TRACK_WAIT_MS',
    milliseconds(),
    10_000,
    'How long the first track of a publisher waits for the second one, if that may still arrive, in milliseconds.',
  ),
  closeMs: setting(
    'MILLRACE_RTMP_CLOSE_MS',
    milliseconds(),
    1_000,
    'How long a client may take to read why the server closes its connection, in milliseconds.',
  ),
  maxMessageBytes: setting(
    'MILLRACE_RTMP_MAX_MESSAGE_BYTES',
    bytes(64 * KiB, 16 * MiB - 1),
    8 * MiB,
    'Largest RTMP message, and so the largest picture, in bytes.',
  ),
  maxBytesInFlight: setting(
    'MILLRACE_RTMP_MAX_IN_FLIGHT_BYTES',
    bytes(0),
    16 * MiB,
    'How much data of a stream may still arrive after the encoder has ended it, in bytes; it is discarded.',
  ),
  maxChunkStreams: setting(
    'MILLRACE_RTMP_MAX_CHUNK_STREAMS',
    wholeNumber(8, 65_597),
    64,
    'How many chunk streams a connection may open.',
  ),
  maxBufferedBytes: setting(
    'MILLRACE_RTMP_MAX_BUFFERED_BYTES',
    bytes(64 * KiB),
    16 * MiB,
    "Total announced size of a connection\'s unfinished messages, in bytes.",
  ),
  spareBytes: setting(
    'MILLRACE_RTMP_SPARE_BYTES',
    bytes(0),
    8 * MiB,
    'How much memory of media that is committed each RTMP publisher keeps for what it sends next, in bytes; 0: none, all of it is left to the garbage collector.',
  ),
  maxUnsentBytes: setting(
    'MILLRACE_RTMP_MAX_UNSENT_BYTES',
    bytes(4 * KiB),
    256 * KiB,
    'How much data may wait for a publisher to read it, in bytes; beyond that the publisher is disconnected.',
  ),
  amfMaxDepth: setting('MILLRACE_AMF_MAX_DEPTH', wholeNumber(1, 256), 32, 'How deep AMF values may be nested.'),
  amfMaxBytes: setting(
    'MILLRACE_AMF_MAX_BYTES',
    bytes(KiB, MiB),
    64 * KiB,
    'Largest AMF command or data message, in bytes.',
  ),
  authorizeMs: setting(
    'MILLRACE_RTMP_AUTHORIZE_MS',
    milliseconds(1),
    5_000,
    'How long the control plane may take to decide whether a key may publish, in milliseconds.',
  ),
  wrongKeysPerMinute: setting(
    'MILLRACE_RTMP_WRONG_KEYS_PER_MINUTE',
    wholeNumber(1, 10_000),
    10,
    'How many different wrong stream keys one address may try per minute; valid keys from that address are still accepted.',
  ),
  loginsPerMinute: setting(
    'MILLRACE_RTMP_LOGINS_PER_MINUTE',
    wholeNumber(1, 1_000_000),
    120,
    'How many user name and password challenges one address may request per minute.',
  ),
  drainMs: setting(
    'MILLRACE_RTMP_DRAIN_MS',
    milliseconds(),
    5_000,
    'How long a stopping edge waits for its publishers to leave, in milliseconds; those that can are asked to connect elsewhere.',
  ),
  drainSpreadMs: setting(
    'MILLRACE_RTMP_DRAIN_SPREAD_MS',
    milliseconds(),
    10_000,
    'Period over which the remaining publishers are then ended one by one, each before a keyframe, in milliseconds; 0: all at the same time.',
  ),
  retainedFramesBytes: edgeProcessSettings.retainedFramesBytes,
  maxPlayers: setting(
    'MILLRACE_RTMP_MAX_PLAYERS',
    wholeNumber(0, 1_000_000),
    2_000,
    'How many RTMP players one edge serves at the same time, of its connections; further players are refused, publishers are not.',
  ),
  maxPlayersPerAddress: setting(
    'MILLRACE_RTMP_MAX_PLAYERS_PER_ADDRESS',
    wholeNumber(0, 1_000_000),
    100,
    'How many of those players may come from one address (IPv6: one /64 network).',
  ),
  maxPlayersPerTenant: setting(
    'MILLRACE_RTMP_MAX_PLAYERS_PER_TENANT',
    wholeNumber(0, 1_000_000),
    1_000,
    'How many of those players may watch streams of one tenant.',
  ),
  playMergeMs: setting(
    'MILLRACE_RTMP_PLAY_MERGE_MS',
    wholeNumber(0, 1_000),
    50,
    'How long frames are collected at most to be sent to RTMP players together, in milliseconds: half a millisecond for each player of the process; 0: each is sent at once.',
  ),
  playWaitMs: setting(
    'MILLRACE_RTMP_PLAY_WAIT_MS',
    milliseconds(),
    10_000,
    'How long an RTMP player waits for a stream that is not live, in milliseconds, before it is told so.',
  ),
  playPauseMs: setting(
    'MILLRACE_RTMP_PLAY_PAUSE_MS',
    milliseconds(1_000),
    600_000,
    'How long an RTMP player may pause before its connection is closed, in milliseconds.',
  ),
  playQueuesBytes: setting(
    'MILLRACE_RTMP_PLAY_QUEUES_BYTES',
    bytes(),
    playersBytes,
    "How much may be queued for all RTMP players of one edge together, in bytes: at most half of it for one tenant, a quarter for one address; when not set, a sixteenth of the container's memory limit.",
  ),
  playGroupsBytes: setting(
    'MILLRACE_RTMP_PLAY_GROUPS_BYTES',
    bytes(),
    playersBytes,
    "Total size of the groups of pictures that one edge keeps for new RTMP players, in bytes: at most half of it for one tenant; when not set, a sixteenth of the container's memory limit.",
  ),
  ...playerSettings,
  ...simulcastSettings,
  ...pullSettings,
  ...httpPullSettings,
  rtmpMaxPulls: setting(
    'MILLRACE_RTMP_MAX_PULLS',
    wholeNumber(0, 4_096),
    256,
    'How many ingest sources (RTMP, HTTP-FLV) one RTMP edge pulls at the same time, also those that it waits to try again; 0: none.',
  ),
  rtmpMaxPullsPerTenant: setting(
    'MILLRACE_RTMP_MAX_PULLS_PER_TENANT',
    wholeNumber(1, 4_096),
    64,
    'How many of those may be of one tenant.',
  ),
  readCoalesceMs: setting(
    'MILLRACE_RTMP_READ_COALESCE_MS',
    wholeNumber(0, 1_000),
    5,
    'Interval at which all RTMP publishers are read together, in milliseconds; 0: each is read as soon as it has sent something. Applies from MILLRACE_RTMP_READ_COALESCE_FROM publishers, on Linux.',
  ),
  readCoalesceFrom: setting(
    'MILLRACE_RTMP_READ_COALESCE_FROM',
    wholeNumber(1, 1_000_000),
    8,
    'Number of RTMP publishers from which MILLRACE_RTMP_READ_COALESCE_MS applies.',
  ),
  readLowWaterBytes: setting(
    'MILLRACE_RTMP_READ_LOW_WATER_BYTES',
    wholeNumber(0, 65_536),
    1_024,
    'Bytes from an RTMP publisher that wake the edge, on Linux: less waits for what comes next, at most 0.2 s. So sound is read together with pictures. Applies while a publisher sends at least a hundred times as much a second; 0: everything is read as soon as it comes.',
  ),
  reconnectUrl: setting(
    'MILLRACE_RTMP_RECONNECT_URL',
    url('rtmp', 'rtmps').optional(),
    undefined,
    'URL to which a stopping edge sends encoders that support reconnect requests; when not set, the URL they connected to.',
  ),
});

export type RtmpEdgeSettings = ValuesOf<typeof rtmpEdgeSettings>;

export const pullSettingsOf = (settings: RtmpEdgeSettings): PullSettings => ({
  pullRetryMinMs: settings.pullRetryMinMs,
  pullRetryMaxMs: settings.pullRetryMaxMs,
  maxPulls: settings.rtmpMaxPulls,
  maxPullsPerTenant: settings.rtmpMaxPullsPerTenant,
});

/** The limits of an edge's players, as playout knows them. */
export const playoutSettingsOf = (settings: RtmpEdgeSettings): PlayoutSettings =>
  settingsOfPlayers(settings, {
    max: settings.maxPlayers,
    maxPerAddress: settings.maxPlayersPerAddress,
    maxPerTenant: settings.maxPlayersPerTenant,
    queuesBytes: settings.playQueuesBytes,
    groupsBytes: settings.playGroupsBytes,
  });

/** Those of an edge that is a process of its own. */
export const rtmpEdgeProcessSettings = defineSettings({ ...rtmpEdgeSettings.definitions, ...edgeProcessSettings });

export type RtmpEdgeProcessSettings = ValuesOf<typeof rtmpEdgeProcessSettings>;

/** How long a stop of an edge may take in all, in milliseconds. */
export const rtmpEdgeGracePeriodMs = (settings: RtmpEdgeProcessSettings): number =>
  gracePeriodMs(settings, settings.drainMs, settings.drainSpreadMs);
