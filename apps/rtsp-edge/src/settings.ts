// Every setting of the RTSP edge: what peers may cost is bounded here, by name.
import { edgeProcessSettings, edgeSettings, pullSettings } from '@millrace/ingest';
import type { IngestSettings, PullSettings, TcpPortSettings } from '@millrace/ingest';
import { playersBytes, playerSettings, settingsOfPlayers, simulcastSettings } from '@millrace/playout';
import type { PlayoutSettings } from '@millrace/playout';
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
  wholeNumber,
} from '@millrace/service-kit';
import type { ValuesOf } from '@millrace/service-kit';

const KiB = 1024;
const MiB = 1024 * KiB;

export const rtspEdgeSettings = defineSettings({
  ...edgeSettings,
  rtspHost: setting(
    'MILLRACE_RTSP_HOST',
    text,
    '::',
    'Address on which RTSP and RTSPS listen; `::` means all addresses, IPv4 and IPv6, or IPv4 only where there is no IPv6.',
  ),
  rtspPort: setting('MILLRACE_RTSP_PORT', port, 8554, 'Port for RTSP.'),
  rtspsPort: setting('MILLRACE_RTSPS_PORT', port, 8322, 'Port for RTSPS; opened when there is a certificate.'),
  rtspProxyProtocol: setting(
    'MILLRACE_RTSP_PROXY_PROTOCOL',
    flag,
    false,
    'Whether every RTSP connection begins with a PROXY protocol version 2 header that names the client.',
  ),
  rtspProxyFrom: setting(
    'MILLRACE_RTSP_PROXY_FROM',
    addressRanges.optional(),
    undefined,
    'Address ranges of the load balancers trusted to send that header, separated by commas; RTSP connections from other addresses are closed.',
  ),
  rtspTlsCertFile: setting(
    'MILLRACE_RTSP_TLS_CERT_FILE',
    text.optional(),
    undefined,
    'File with the certificate chain for RTSPS, in PEM. Reloaded when it changes.',
  ),
  rtspTlsKeyFile: setting(
    'MILLRACE_RTSP_TLS_KEY_FILE',
    text.optional(),
    undefined,
    'File with the private key for RTSPS, in PEM. Reloaded when it changes.',
  ),
  tlsReloadMs: commonSettings.tlsReloadMs,
  rtspMaxConnections: setting(
    'MILLRACE_RTSP_MAX_CONNECTIONS',
    wholeNumber(1, 1_000_000),
    4_096,
    'Maximum number of open RTSP connections.',
  ),
  rtspMaxConnectionsPerAddress: setting(
    'MILLRACE_RTSP_MAX_CONNECTIONS_PER_ADDRESS',
    wholeNumber(1, 1_000_000),
    256,
    'How many RTSP connections may come from one address (IPv6: one /64 network).',
  ),
  rtspHandshakeMs: setting(
    'MILLRACE_RTSP_HANDSHAKE_MS',
    milliseconds(1),
    5_000,
    'How long a client may take for the TLS handshake of RTSPS, in milliseconds.',
  ),
  rtspSetupMs: setting(
    'MILLRACE_RTSP_SETUP_MS',
    milliseconds(1),
    10_000,
    'How long a client may be connected without publishing or playing, in milliseconds; time in which the server decides does not count.',
  ),
  rtspSetupBytes: setting(
    'MILLRACE_RTSP_SETUP_BYTES',
    bytes(4 * KiB),
    256 * KiB,
    'How much a client may send before it publishes or plays, in bytes.',
  ),
  rtspTunnelInputMs: setting(
    'MILLRACE_RTSP_TUNNEL_INPUT_MS',
    milliseconds(1),
    5_000,
    'How long a client that tunnels RTSP through HTTP may have its GET open without a POST, in milliseconds.',
  ),
  rtspIdleMs: setting(
    'MILLRACE_RTSP_IDLE_MS',
    milliseconds(4),
    10_000,
    'How long a publisher may send nothing before it is disconnected, in milliseconds.',
  ),
  rtspCloseMs: setting(
    'MILLRACE_RTSP_CLOSE_MS',
    milliseconds(),
    1_000,
    'How long a client may take to read the last answer before its connection is closed, in milliseconds.',
  ),
  rtspTrackWaitMs: setting(
    'MILLRACE_RTSP_TRACK_WAIT_MS',
    milliseconds(),
    10_000,
    'How long the first track of a publisher waits for the second one, if that may still arrive, in milliseconds.',
  ),
  rtspOnlyUnsupportedMs: setting(
    'MILLRACE_RTSP_ONLY_UNSUPPORTED_MS',
    milliseconds(1),
    2_000,
    'How long a publisher may send only tracks with unsupported codecs before it is refused, in milliseconds.',
  ),
  rtspMaxHeadBytes: setting(
    'MILLRACE_RTSP_MAX_HEAD_BYTES',
    bytes(KiB, MiB),
    16 * KiB,
    'Largest first line and headers of an RTSP message, in bytes.',
  ),
  rtspMaxBodyBytes: setting(
    'MILLRACE_RTSP_MAX_BODY_BYTES',
    bytes(KiB, MiB),
    64 * KiB,
    'Largest body of an RTSP message, such as a session description, in bytes.',
  ),
  rtspMaxPictureBytes: setting(
    'MILLRACE_RTSP_MAX_PICTURE_BYTES',
    bytes(64 * KiB, 64 * MiB),
    8 * MiB,
    'Largest picture that is put together from RTP packets, in bytes.',
  ),
  rtspMaxUnsentBytes: setting(
    'MILLRACE_RTSP_MAX_UNSENT_BYTES',
    bytes(4 * KiB),
    256 * KiB,
    'How much may wait for a client to read it besides media, in bytes; beyond that the client is disconnected.',
  ),
  rtspAuthorizeMs: setting(
    'MILLRACE_RTSP_AUTHORIZE_MS',
    milliseconds(1),
    5_000,
    'How long the control plane may take to decide whether a key may publish, or a player may watch, over RTSP, in milliseconds.',
  ),
  rtspWrongKeysPerMinute: setting(
    'MILLRACE_RTSP_WRONG_KEYS_PER_MINUTE',
    wholeNumber(1, 10_000),
    10,
    'How many different wrong stream keys one address may try per minute over RTSP; valid keys are still accepted.',
  ),
  rtspLoginsPerMinute: setting(
    'MILLRACE_RTSP_LOGINS_PER_MINUTE',
    wholeNumber(1, 1_000_000),
    120,
    'How many challenges of Digest one address may request per minute over RTSP; beyond that only Basic is offered.',
  ),
  rtspMaxPlayers: setting(
    'MILLRACE_RTSP_MAX_PLAYERS',
    wholeNumber(0, 1_000_000),
    2_000,
    'How many RTSP players one edge serves at the same time, of its connections; further players are refused, publishers are not.',
  ),
  rtspMaxPlayersPerAddress: setting(
    'MILLRACE_RTSP_MAX_PLAYERS_PER_ADDRESS',
    wholeNumber(0, 1_000_000),
    100,
    'How many of those players may come from one address (IPv6: one /64 network).',
  ),
  rtspMaxPlayersPerTenant: setting(
    'MILLRACE_RTSP_MAX_PLAYERS_PER_TENANT',
    wholeNumber(0, 1_000_000),
    1_000,
    'How many of those players may watch streams of one tenant.',
  ),
  rtspPlayMergeMs: setting(
    'MILLRACE_RTSP_PLAY_MERGE_MS',
    wholeNumber(0, 1_000),
    50,
    'How long frames are collected at most to be sent to RTSP players together, in milliseconds: half a millisecond for each player of the process; 0: each is sent at once.',
  ),
  rtspPlayWaitMs: setting(
    'MILLRACE_RTSP_PLAY_WAIT_MS',
    milliseconds(),
    10_000,
    'How long an RTSP player waits for a stream that is not live, in milliseconds, before it is told so.',
  ),
  rtspPlayPauseMs: setting(
    'MILLRACE_RTSP_PLAY_PAUSE_MS',
    milliseconds(1_000),
    600_000,
    'How long an RTSP player may pause before its connection is closed, in milliseconds.',
  ),
  rtspPlayQueuesBytes: setting(
    'MILLRACE_RTSP_PLAY_QUEUES_BYTES',
    bytes(),
    playersBytes,
    "How much may be queued for all RTSP players of one edge together, in bytes: at most half of it for one tenant, a quarter for one address; when not set, a sixteenth of the container's memory limit.",
  ),
  rtspPlayGroupsBytes: setting(
    'MILLRACE_RTSP_PLAY_GROUPS_BYTES',
    bytes(),
    playersBytes,
    "Total size of the groups of pictures that one edge keeps for new RTSP players, in bytes: at most half of it for one tenant; when not set, a sixteenth of the container's memory limit.",
  ),
  ...playerSettings,
  ...simulcastSettings,
  rtspUdp: setting(
    'MILLRACE_RTSP_UDP',
    flag,
    false,
    'Whether RTP over UDP is offered over plain RTSP; for hosts whose address and ports clients can reach. Without it clients are answered 461 and use TCP. `npm start` offers it.',
  ),
  rtspUdpPortMin: setting(
    'MILLRACE_RTSP_UDP_PORT_MIN',
    port,
    18_554,
    'First port for RTP over UDP; each track takes two. A quarter of them may be of one address.',
  ),
  rtspUdpPortMax: setting('MILLRACE_RTSP_UDP_PORT_MAX', port, 19_553, 'Last port for RTP over UDP.'),
  rtspUdpReorderPackets: setting(
    'MILLRACE_RTSP_UDP_REORDER_PACKETS',
    wholeNumber(1, 1_024),
    256,
    'How many packets of a track may wait for one that is missing, over UDP.',
  ),
  rtspUdpReorderMs: setting(
    'MILLRACE_RTSP_UDP_REORDER_MS',
    milliseconds(1),
    100,
    'How long packets wait for one that is missing, over UDP, in milliseconds.',
  ),
  rtspUdpSilenceMs: setting(
    'MILLRACE_RTSP_UDP_SILENCE_MS',
    milliseconds(1_000),
    60_000,
    'How long a player over UDP may send neither RTCP nor requests before it is disconnected, in milliseconds.',
  ),
  ...pullSettings,
  rtspMaxPulls: setting(
    'MILLRACE_RTSP_MAX_PULLS',
    wholeNumber(0, 4_096),
    256,
    'How many ingest sources one RTSP edge pulls at the same time, also those that it waits to try again; 0: none.',
  ),
  rtspMaxPullsPerTenant: setting(
    'MILLRACE_RTSP_MAX_PULLS_PER_TENANT',
    wholeNumber(1, 4_096),
    64,
    'How many of those may be of one tenant.',
  ),
  rtspDrainMs: setting(
    'MILLRACE_RTSP_DRAIN_MS',
    milliseconds(),
    5_000,
    'How long a stopping RTSP edge waits for its publishers to leave, in milliseconds.',
  ),
  rtspDrainSpreadMs: setting(
    'MILLRACE_RTSP_DRAIN_SPREAD_MS',
    milliseconds(),
    10_000,
    'Period over which the remaining publishers are then ended one by one, each before a keyframe, in milliseconds; 0: all at the same time.',
  ),
});

export type RtspEdgeSettings = ValuesOf<typeof rtspEdgeSettings>;

/** Nothing is read before a publish request is decided. */
const NOT_USED = { earlyTotalBytes: Number.MAX_SAFE_INTEGER };

export const ingestSettingsOf = (settings: RtspEdgeSettings): IngestSettings => ({
  ...NOT_USED,
  instanceId: settings.instanceId,
  metricsTenantLimit: settings.metricsTenantLimit,
  authorizeMs: settings.rtspAuthorizeMs,
  wrongKeysPerMinute: settings.rtspWrongKeysPerMinute,
  loginsPerMinute: settings.rtspLoginsPerMinute,
  trackWaitMs: settings.rtspTrackWaitMs,
  onlyUnsupportedMs: settings.rtspOnlyUnsupportedMs,
  backupAfterMs: settings.backupAfterMs,
  timedMetadataPerSecond: settings.timedMetadataPerSecond,
  timedMetadataPerSecondPerTenant: settings.timedMetadataPerSecondPerTenant,
  drainMs: settings.rtspDrainMs,
  drainSpreadMs: settings.rtspDrainSpreadMs,
});

export const pullSettingsOf = (settings: RtspEdgeSettings): PullSettings => ({
  pullRetryMinMs: settings.pullRetryMinMs,
  pullRetryMaxMs: settings.pullRetryMaxMs,
  maxPulls: settings.rtspMaxPulls,
  maxPullsPerTenant: settings.rtspMaxPullsPerTenant,
});

export const tcpPortSettingsOf = (settings: RtspEdgeSettings): TcpPortSettings => ({
  host: settings.rtspHost,
  port: settings.rtspPort,
  securePort: settings.rtspsPort,
  tlsReloadMs: settings.tlsReloadMs,
  handshakeMs: settings.rtspHandshakeMs,
  maxConnections: settings.rtspMaxConnections,
  maxConnectionsPerAddress: settings.rtspMaxConnectionsPerAddress,
  proxyProtocol: settings.rtspProxyProtocol,
  proxyFrom: settings.rtspProxyFrom,
});

/** The limits of an edge's players, as playout knows them. */
export const playoutSettingsOf = (settings: RtspEdgeSettings): PlayoutSettings =>
  settingsOfPlayers(settings, {
    max: settings.rtspMaxPlayers,
    maxPerAddress: settings.rtspMaxPlayersPerAddress,
    maxPerTenant: settings.rtspMaxPlayersPerTenant,
    queuesBytes: settings.rtspPlayQueuesBytes,
    groupsBytes: settings.rtspPlayGroupsBytes,
  });

/** Those of an edge that is a process of its own. */
export const rtspEdgeProcessSettings = defineSettings({ ...rtspEdgeSettings.definitions, ...edgeProcessSettings });

export type RtspEdgeProcessSettings = ValuesOf<typeof rtspEdgeProcessSettings>;

/** How long a stop of an edge may take in all, in milliseconds. */
export const rtspEdgeGracePeriodMs = (settings: RtspEdgeProcessSettings): number =>
  gracePeriodMs(settings, settings.rtspDrainMs, settings.rtspDrainSpreadMs);
