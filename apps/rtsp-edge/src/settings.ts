// Every setting of the RTSP edge: what peers may cost is bounded here, by name.
import { edgeProcessSettings, edgeSettings } from '@millrace/ingest';
import type { IngestSettings, TcpPortSettings } from '@millrace/ingest';
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
    'How long a client may be connected before it publishes, in milliseconds.',
  ),
  rtspSetupBytes: setting(
    'MILLRACE_RTSP_SETUP_BYTES',
    bytes(4 * KiB),
    256 * KiB,
    'How much a client may send before it publishes, in bytes.',
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
    'How much data may wait for a publisher to read it, in bytes; beyond that the publisher is disconnected.',
  ),
  rtspAuthorizeMs: setting(
    'MILLRACE_RTSP_AUTHORIZE_MS',
    milliseconds(1),
    5_000,
    'How long the control plane may take to decide whether a key may publish over RTSP, in milliseconds.',
  ),
  rtspWrongKeysPerMinute: setting(
    'MILLRACE_RTSP_WRONG_KEYS_PER_MINUTE',
    wholeNumber(1, 10_000),
    10,
    'How many different wrong stream keys one address may try per minute over RTSP; valid keys are still accepted.',
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

/** No login is offered whose challenge would have to be limited, and nothing is read before a publish request is decided. */
const NOT_USED = { loginsPerMinute: 1, earlyTotalBytes: Number.MAX_SAFE_INTEGER };

export const ingestSettingsOf = (settings: RtspEdgeSettings): IngestSettings => ({
  ...NOT_USED,
  instanceId: settings.instanceId,
  metricsTenantLimit: settings.metricsTenantLimit,
  authorizeMs: settings.rtspAuthorizeMs,
  wrongKeysPerMinute: settings.rtspWrongKeysPerMinute,
  trackWaitMs: settings.rtspTrackWaitMs,
  onlyUnsupportedMs: settings.rtspOnlyUnsupportedMs,
  timedMetadataPerSecond: settings.timedMetadataPerSecond,
  timedMetadataPerSecondPerTenant: settings.timedMetadataPerSecondPerTenant,
  drainMs: settings.rtspDrainMs,
  drainSpreadMs: settings.rtspDrainSpreadMs,
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

/** Those of an edge that is a process of its own. */
export const rtspEdgeProcessSettings = defineSettings({ ...rtspEdgeSettings.definitions, ...edgeProcessSettings });

export type RtspEdgeProcessSettings = ValuesOf<typeof rtspEdgeProcessSettings>;

/** How long a stop of an edge may take in all, in milliseconds. */
export const rtspEdgeGracePeriodMs = (settings: RtspEdgeProcessSettings): number =>
  gracePeriodMs(settings, settings.rtspDrainMs, settings.rtspDrainSpreadMs);
