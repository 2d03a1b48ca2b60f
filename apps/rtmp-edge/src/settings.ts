// Every setting of the RTMP edge: what peers may cost is bounded here, by name.
import {
  bytes,
  commonSettings,
  defineSettings,
  flag,
  isAddressRange,
  memoryLimitBytes,
  milliseconds,
  port,
  setting,
  text,
  url,
  wholeNumber,
} from '@millrace/service-kit';
import type { ValuesOf } from '@millrace/service-kit';
import { z } from 'zod';

const KiB = 1024;
const MiB = 1024 * KiB;

/**
 * Frames that are kept may take this part of the memory limit. The rest is for what an edge needs without them, and for the
 * garbage that they leave: a test runs an edge in a container of the chart's size (e2e/pod-size.e2e.ts).
 */
const RETAINED_PART_OF_MEMORY = 3 / 8;

const ranges = z
  .string()
  .transform((list) => list.split(',').map((range) => range.trim()))
  .refine((list) => list.every(isAddressRange), 'must be ranges such as 10.0.0.0/8, separated by commas');

export const rtmpEdgeSettings = defineSettings({
  instanceId: commonSettings.instanceId,
  metricsTenantLimit: commonSettings.metricsTenantLimit,
  rtmpLoginApps: commonSettings.rtmpLoginApps,
  rtmpHost: setting(
    'MILLRACE_RTMP_HOST',
    text,
    '::',
    'Address on which RTMP and RTMPS listen; `::` is every address, IPv4 and IPv6, or of IPv4 alone where there is no IPv6.',
  ),
  rtmpPort: setting('MILLRACE_RTMP_PORT', port, 1935, 'Port of RTMP.'),
  rtmpsPort: setting('MILLRACE_RTMPS_PORT', port, 1936, 'Port of RTMPS; opened when there is a certificate.'),
  proxyProtocol: setting(
    'MILLRACE_RTMP_PROXY_PROTOCOL',
    flag,
    false,
    'Whether every connection begins with a header of the PROXY protocol, version 2, which says whose it is.',
  ),
  proxyFrom: setting(
    'MILLRACE_RTMP_PROXY_FROM',
    ranges.optional(),
    undefined,
    'Ranges of addresses of the load balancers that are believed then, separated by commas; connections of others are closed.',
  ),
  tlsCertFile: setting(
    'MILLRACE_TLS_CERT_FILE',
    text.optional(),
    undefined,
    'Certificate chain for RTMPS, in PEM. Read again when it changes.',
  ),
  tlsKeyFile: setting(
    'MILLRACE_TLS_KEY_FILE',
    text.optional(),
    undefined,
    'Private key for RTMPS, in PEM. Read again when it changes.',
  ),
  tlsReloadMs: setting(
    'MILLRACE_TLS_RELOAD_MS',
    milliseconds(1),
    10_000,
    'How often certificate and key are looked at for a change, in milliseconds.',
  ),
  maxConnections: setting(
    'MILLRACE_RTMP_MAX_CONNECTIONS',
    wholeNumber(1, 1_000_000),
    4_096,
    'How many RTMP connections may be open at once.',
  ),
  maxConnectionsPerAddress: setting(
    'MILLRACE_RTMP_MAX_CONNECTIONS_PER_ADDRESS',
    wholeNumber(1, 1_000_000),
    256,
    'How many of them may come from one address (IPv6: one /64 network).',
  ),
  handshakeMs: setting(
    'MILLRACE_RTMP_HANDSHAKE_MS',
    milliseconds(1),
    5_000,
    'How long a client may take for the RTMP handshake, and before it for that of TLS, in milliseconds.',
  ),
  onlyUnsupportedMs: setting(
    'MILLRACE_RTMP_ONLY_UNSUPPORTED_MS',
    milliseconds(1),
    2_000,
    'How long a publisher with a track of an unsupported codec may send nothing else before it is refused, in milliseconds.',
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
    'How much a client may send behind its request to publish before that is decided, in bytes; it is kept until then.',
  ),
  idleMs: setting(
    'MILLRACE_RTMP_IDLE_MS',
    milliseconds(4),
    10_000,
    'A publisher that sends nothing for this time is cut, in milliseconds.',
  ),
  trackWaitMs: setting(
    'MILLRACE_RTMP_TRACK_WAIT_MS',
    milliseconds(),
    10_000,
    'How long the first track of a publisher waits for the other one, where that may still come, in milliseconds.',
  ),
  closeMs: setting(
    'MILLRACE_RTMP_CLOSE_MS',
    milliseconds(),
    1_000,
    'How long a connection that is closed from here may take to read why, in milliseconds.',
  ),
  maxMessageBytes: setting(
    'MILLRACE_RTMP_MAX_MESSAGE_BYTES',
    bytes(64 * KiB, 16 * MiB - 1),
    8 * MiB,
    'The longest RTMP message, in bytes: the largest picture.',
  ),
  maxBytesInFlight: setting(
    'MILLRACE_RTMP_MAX_IN_FLIGHT_BYTES',
    bytes(0),
    16 * MiB,
    'How much may still arrive of a stream that the encoder has ended, in bytes; it is thrown away.',
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
    'How many bytes of unfinished messages a connection may have announced.',
  ),
  maxUnsentBytes: setting(
    'MILLRACE_RTMP_MAX_UNSENT_BYTES',
    bytes(4 * KiB),
    256 * KiB,
    'How many bytes may wait for a publisher to read them; beyond it, it is cut.',
  ),
  amfMaxDepth: setting('MILLRACE_AMF_MAX_DEPTH', wholeNumber(1, 256), 32, 'How deep AMF values may be nested.'),
  amfMaxBytes: setting(
    'MILLRACE_AMF_MAX_BYTES',
    bytes(KiB, MiB),
    64 * KiB,
    'The largest AMF command or data message, in bytes.',
  ),
  authorizeMs: setting(
    'MILLRACE_RTMP_AUTHORIZE_MS',
    milliseconds(1),
    5_000,
    'How long the control plane may take to say whether a key may publish, in milliseconds.',
  ),
  wrongKeysPerMinute: setting(
    'MILLRACE_RTMP_WRONG_KEYS_PER_MINUTE',
    wholeNumber(1, 10_000),
    10,
    'How many different wrong stream keys one address may try in a minute; good ones from there pass all the same.',
  ),
  loginsPerMinute: setting(
    'MILLRACE_RTMP_LOGINS_PER_MINUTE',
    wholeNumber(1, 1_000_000),
    120,
    'How many challenges for user and password one address may ask for in a minute.',
  ),
  drainMs: setting(
    'MILLRACE_RTMP_DRAIN_MS',
    milliseconds(),
    5_000,
    'How long a stopping edge waits for its publishers to leave: those that can are asked to connect elsewhere. In milliseconds.',
  ),
  drainSpreadMs: setting(
    'MILLRACE_RTMP_DRAIN_SPREAD_MS',
    milliseconds(),
    10_000,
    'Over how long those that are left then are ended, one by one, each before a keyframe; 0: all at once. In milliseconds.',
  ),
  retainedFramesBytes: setting(
    'MILLRACE_RETAINED_FRAMES_BYTES',
    bytes(32 * MiB),
    () => Math.floor(memoryLimitBytes() * RETAINED_PART_OF_MEMORY),
    'Most bytes of uncommitted frames that are kept; three eighths of the memory limit of the container when not set.',
  ),
  readCoalesceMs: setting(
    'MILLRACE_RTMP_READ_COALESCE_MS',
    wholeNumber(0, 1_000),
    0,
    'With many connections, one that was read rests this long, so that the next read brings more, in milliseconds; 0: never.',
  ),
  readCoalesceFrom: setting(
    'MILLRACE_RTMP_READ_COALESCE_FROM',
    wholeNumber(1, 1_000_000),
    16,
    'From how many connections on they rest.',
  ),
  reconnectUrl: setting(
    'MILLRACE_RTMP_RECONNECT_URL',
    url('rtmp', 'rtmps').optional(),
    undefined,
    'Where a stopping edge sends encoders that understand it; when not set, to the address they came by.',
  ),
});

export type RtmpEdgeSettings = ValuesOf<typeof rtmpEdgeSettings>;
