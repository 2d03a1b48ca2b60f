// Every setting of the TURN server: what clients may cost is bounded here, by name.
import { isIP } from 'node:net';
import {
  bytes,
  commonSettings,
  defineSettings,
  flag,
  gracePeriodMs,
  list,
  milliseconds,
  port,
  setting,
  text,
  wholeNumber,
} from '@millrace/service-kit';
import type { ValuesOf } from '@millrace/service-kit';
import { z } from 'zod';
import { parseEndpoint } from './endpoint.ts';
import { QUOTA_SLOTS } from './limits/quota-slots.ts';
import { parseCidr } from './peers/cidr.ts';
import { parsePortRange } from './peers/port-range.ts';

const KiB = 1024;
const MiB = 1024 * KiB;
const MAX_REALM_LENGTH = 127;
/** Each is asked again and again. */
const MAX_ALTERNATES = 32;

const addresses = list.refine(
  (items) => items.every((item) => isIP(item) !== 0),
  'must be IP addresses, separated by commas',
);
const oneOfEachFamily = addresses.refine(
  (items) => new Set(items.map((item) => isIP(item))).size === items.length,
  'must be at most one IPv4 and one IPv6 address',
);
const ranges = list.refine(
  (items) => items.every((item) => parseCidr(item) !== undefined),
  'must be ranges such as 10.0.0.0/8, separated by commas',
);
const endpoints = list
  .refine(
    (items) => items.every((item) => parseEndpoint(item) !== undefined),
    'must be addresses with ports, such as 192.0.2.1:3478 or [2001:db8::1]:3478, separated by commas',
  )
  .refine((items) => items.length <= MAX_ALTERNATES, `must be at most ${MAX_ALTERNATES} addresses with ports`);
const portRanges = list
  .refine(
    (items) => items.every((item) => parsePortRange(item) !== undefined),
    'must be ports such as 7882 or 10000-10100, separated by commas',
  )
  .transform((items) => items.map(parsePortRange).filter((range) => range !== undefined));
const realm = text.refine(
  (value) => /^[\x20-\x7e]+$/.test(value) && value.length <= MAX_REALM_LENGTH,
  `must be at most ${MAX_REALM_LENGTH} plain characters`,
);
/** Of the ratio, with two digits behind the point. */
const factor = z
  .string()
  .regex(/^\d{1,3}(\.\d{1,2})?$/, 'must be a number such as 3.2')
  .transform(Number)
  .pipe(z.number().min(1, 'must be at least 1').max(100, 'must be at most 100'));

export const turnSettings = defineSettings({
  instanceId: commonSettings.instanceId,
  metricsTenantLimit: commonSettings.metricsTenantLimit,
  turnHosts: setting(
    'MILLRACE_TURN_HOST',
    addresses,
    ['0.0.0.0', '::'],
    'Addresses on which STUN and TURN listen, separated by commas; when not set, all addresses of this machine.',
  ),
  turnPort: setting('MILLRACE_TURN_PORT', port, 3478, 'Port for STUN and TURN, over UDP and TCP.'),
  turnTlsPort: setting(
    'MILLRACE_TURN_TLS_PORT',
    port,
    5349,
    'Port for TURN over TLS; opened when there is a certificate.',
  ),
  turnTlsCertFile: setting(
    'MILLRACE_TURN_TLS_CERT_FILE',
    text.optional(),
    undefined,
    'File with the certificate chain for TURN over TLS, in PEM. Reloaded when it changes.',
  ),
  turnTlsKeyFile: setting(
    'MILLRACE_TURN_TLS_KEY_FILE',
    text.optional(),
    undefined,
    'File with the private key for TURN over TLS, in PEM. Reloaded when it changes.',
  ),
  turnTlsReloadMs: setting(
    'MILLRACE_TURN_TLS_RELOAD_MS',
    milliseconds(1),
    10_000,
    'How often the certificate and key files are checked for changes, in milliseconds.',
  ),
  turnPublicAddresses: setting(
    'MILLRACE_TURN_PUBLIC_ADDRESS',
    oneOfEachFamily.optional(),
    undefined,
    'Public address at which clients and peers reach this server; one IPv4 and one IPv6 address, separated by a comma. Required behind a NAT.',
  ),
  turnRelayPortMin: setting(
    'MILLRACE_TURN_RELAY_PORT_MIN',
    wholeNumber(1_024, 65_535),
    49_152,
    'First UDP and TCP port for relays.',
  ),
  turnRelayPortMax: setting(
    'MILLRACE_TURN_RELAY_PORT_MAX',
    wholeNumber(1_024, 65_535),
    65_535,
    'Last UDP and TCP port for relays.',
  ),
  turnRealm: setting('MILLRACE_TURN_REALM', realm, 'millrace', 'Realm of the credentials.'),
  turnAllowedPeers: setting(
    'MILLRACE_TURN_ALLOWED_PEERS',
    ranges,
    [],
    "Private address ranges that are allowed as peers, separated by commas; empty: none, even where a single process would open its own network. On this machine\'s own addresses only relay ports are opened.",
    { emptyIsNone: true },
  ),
  turnDeniedPeers: setting(
    'MILLRACE_TURN_DENIED_PEERS',
    ranges,
    [],
    'Address ranges that are denied as peers even if public or allowed, separated by commas, such as your own networks and your NAT64 prefix.',
    { emptyIsNone: true },
  ),
  turnOwnPeerPorts: setting(
    'MILLRACE_TURN_OWN_PEER_PORTS',
    portRanges,
    [],
    'UDP ports of this machine that are allowed as peers in addition to the relays, separated by commas, such as 10000-10100 for a media server on it.',
    { emptyIsNone: true },
  ),
  turnTcpRelays: setting(
    'MILLRACE_TURN_TCP_RELAYS',
    flag,
    false,
    'Whether clients may request TCP connections to peers (RFC 6062); requires a single thread. Browsers never do.',
  ),
  turnTcpAllowedPeers: setting(
    'MILLRACE_TURN_TCP_ALLOWED_PEERS',
    ranges,
    [],
    'Private address ranges that such connections may reach, separated by commas; MILLRACE_TURN_ALLOWED_PEERS does not apply to them.',
    { emptyIsNone: true },
  ),
  turnAlternateHosts: setting(
    'MILLRACE_TURN_ALTERNATE_HOST',
    oneOfEachFamily.optional(),
    undefined,
    'Second address of this machine, for NAT behaviour discovery; MILLRACE_TURN_HOST must then name the first one.',
  ),
  turnAlternatePort: setting(
    'MILLRACE_TURN_ALTERNATE_PORT',
    port,
    3_479,
    'Second port for NAT behaviour discovery, on both addresses.',
  ),
  turnAlternatePublicAddresses: setting(
    'MILLRACE_TURN_ALTERNATE_PUBLIC_ADDRESS',
    oneOfEachFamily.optional(),
    undefined,
    'Public address at which clients reach the second address; when not set, the second address itself.',
  ),
  turnAlternateServers: setting(
    'MILLRACE_TURN_ALTERNATE_SERVER',
    endpoints.optional(),
    undefined,
    'Servers to which a stopping server sends new clients: addresses with ports, separated by commas, at most 32; it sends them to those that answer, in turn.',
  ),
  turnAlternateProbeMs: setting(
    'MILLRACE_TURN_ALTERNATE_PROBE_MS',
    milliseconds(100),
    5_000,
    'How often each of these servers is probed, in milliseconds; one that misses three probes in a row is left out until it answers.',
  ),
  turnThreads: setting(
    'MILLRACE_TURN_THREADS',
    wholeNumber(1, 256),
    1,
    'Number of relay threads, each with a share of the clients; with 1, the main thread relays.',
  ),
  turnMaxAllocations: setting(
    'MILLRACE_TURN_MAX_ALLOCATIONS',
    wholeNumber(1, 1_000_000),
    8_192,
    'Maximum number of concurrent allocations; tenants and users have their own limits as well.',
  ),
  turnAllocationMs: setting(
    'MILLRACE_TURN_ALLOCATION_MS',
    milliseconds(1_000),
    600_000,
    'Lifetime of an allocation whose client requests less or none, in milliseconds.',
  ),
  turnMaxAllocationMs: setting(
    'MILLRACE_TURN_MAX_ALLOCATION_MS',
    milliseconds(1_000),
    3_600_000,
    'Longest lifetime of an allocation before its client must refresh it, in milliseconds.',
  ),
  turnMaxPermissions: setting(
    'MILLRACE_TURN_MAX_PERMISSIONS',
    wholeNumber(1, 65_535),
    256,
    'How many peers an allocation may have permissions for.',
  ),
  turnMaxChannels: setting(
    'MILLRACE_TURN_MAX_CHANNELS',
    wholeNumber(1, 4_096),
    256,
    'How many channels an allocation may have.',
  ),
  turnOldChannels: setting(
    'MILLRACE_TURN_OLD_CHANNELS',
    flag,
    true,
    'Whether channels 0x5000 to 0x7FFF are accepted: RFC 5766 clients use them, RFC 8656 reserves them.',
  ),
  turnMaxPeerConnections: setting(
    'MILLRACE_TURN_MAX_PEER_CONNECTIONS',
    wholeNumber(1, 4_096),
    16,
    'How many TCP connections to peers an allocation may have.',
  ),
  turnConnectMs: setting(
    'MILLRACE_TURN_CONNECT_MS',
    milliseconds(100),
    30_000,
    'How long connecting to a peer over TCP may take, and how long the connection then waits for its client, in milliseconds.',
  ),
  turnMobility: setting(
    'MILLRACE_TURN_MOBILITY',
    flag,
    true,
    'Whether clients may keep an allocation when their address changes (RFC 8016); requires a single thread.',
  ),
  turnMoveMs: setting(
    'MILLRACE_TURN_MOVE_MS',
    milliseconds(1_000),
    30_000,
    'How long such an allocation waits for a client whose connection has closed, in milliseconds.',
  ),
  turnNonceMs: setting(
    'MILLRACE_TURN_NONCE_MS',
    milliseconds(1_000),
    3_600_000,
    'How long a nonce may be used, in milliseconds.',
  ),
  turnAnswersPerSecond: setting(
    'MILLRACE_TURN_ANSWERS_PER_SECOND',
    wholeNumber(1, 1_000_000),
    100,
    'Error responses per second that one address (IPv6: one /64 network) gets for requests without a nonce of this server.',
  ),
  turnAnswersBurst: setting(
    'MILLRACE_TURN_ANSWERS_BURST',
    wholeNumber(1, 1_000_000),
    2_000,
    'Burst size of those responses: how many clients behind one NAT can start together.',
  ),
  turnAsksPerSecond: setting(
    'MILLRACE_TURN_ASKS_PER_SECOND',
    wholeNumber(1, 1_000_000),
    10,
    'Control plane lookups per second for unknown user names from one address (IPv6: one /64 network).',
  ),
  turnAsksBurst: setting(
    'MILLRACE_TURN_ASKS_BURST',
    wholeNumber(1, 1_000_000),
    512,
    'Burst size of those lookups; valid user names count until the answer arrives.',
  ),
  turnBindingsPerSecond: setting(
    'MILLRACE_TURN_BINDINGS_PER_SECOND',
    wholeNumber(1, 1_000_000),
    500,
    'STUN binding responses per second that one address (IPv6: one /64 network) gets.',
  ),
  turnBindingsBurst: setting(
    'MILLRACE_TURN_BINDINGS_BURST',
    wholeNumber(1, 1_000_000),
    2_000,
    'Burst of STUN bindings that one address gets after a pause.',
  ),
  turnMaxAmplification: setting(
    'MILLRACE_TURN_MAX_AMPLIFICATION',
    factor,
    3.2,
    'How many times larger than its request an error response to an unauthenticated client may be, over UDP; a larger one is not sent.',
  ),
  turnMaxConnections: setting(
    'MILLRACE_TURN_MAX_CONNECTIONS',
    wholeNumber(1, 1_000_000),
    4_096,
    'Maximum number of client TCP and TLS connections per thread.',
  ),
  turnMaxConnectionsPerAddress: setting(
    'MILLRACE_TURN_MAX_CONNECTIONS_PER_ADDRESS',
    wholeNumber(1, 1_000_000),
    512,
    'How many client connections without an allocation may come from one address (IPv6: one /64 network).',
  ),
  turnTcpIdleMs: setting(
    'MILLRACE_TURN_TCP_IDLE_MS',
    milliseconds(100),
    10_000,
    'How long a TCP or TLS connection may stay without an allocation, in milliseconds.',
  ),
  turnMaxUnsentBytes: setting(
    'MILLRACE_TURN_MAX_UNSENT_BYTES',
    bytes(64 * KiB),
    512 * KiB,
    'How much data may wait for a slow client, in bytes, beyond which the oldest is dropped; and for the network at each UDP socket, beyond which the newest is.',
  ),
  turnMaxUnsentMs: setting(
    'MILLRACE_TURN_MAX_UNSENT_MS',
    milliseconds(1),
    250,
    'How long data may wait for such a client, in milliseconds; older data is dropped.',
  ),
  turnSocketBufferBytes: setting(
    'MILLRACE_TURN_SOCKET_BUFFER_BYTES',
    bytes(0, 256 * MiB),
    4 * MiB,
    "Receive buffer requested for the UDP port, in bytes; 0: the system's default.",
  ),
  turnRelayBufferBytes: setting(
    'MILLRACE_TURN_RELAY_BUFFER_BYTES',
    bytes(0, 16 * MiB),
    0,
    "Receive buffer requested for each relay, in bytes; 0: the system's default.",
  ),
  turnUdpBatches: setting(
    'MILLRACE_TURN_UDP_BATCHES',
    flag,
    false,
    'Whether many datagrams are received and sent in one system call under load, where Linux and Node.js (node:ffi) can.',
  ),
  turnUdpBatchesFrom: setting(
    'MILLRACE_TURN_UDP_BATCHES_FROM',
    wholeNumber(0, 10_000_000),
    5_000,
    'Datagrams a second from which a thread reads its sockets every millisecond, many at a time; 0: always.',
  ),
  turnAuthorizeMs: setting(
    'MILLRACE_TURN_AUTHORIZE_MS',
    milliseconds(1),
    5_000,
    'How long the control plane may take to authorize a user, in milliseconds.',
  ),
  turnGrantedMs: setting(
    'MILLRACE_TURN_GRANTED_MS',
    milliseconds(1),
    60_000,
    'How long a granted authorization is cached, in milliseconds.',
  ),
  turnRefusedMs: setting(
    'MILLRACE_TURN_REFUSED_MS',
    milliseconds(1),
    5_000,
    'How long a refusal is cached, in milliseconds.',
  ),
  turnMaxCredentials: setting(
    'MILLRACE_TURN_MAX_CREDENTIALS',
    wholeNumber(1, 1_000_000),
    20_000,
    'How many authorizations each thread caches.',
  ),
  turnMaxWaiting: setting(
    'MILLRACE_TURN_MAX_WAITING',
    wholeNumber(1, 100_000),
    1_024,
    'How many requests per thread may wait for the control plane.',
  ),
  turnMaxUsersPerTenant: setting(
    'MILLRACE_TURN_MAX_USERS_PER_TENANT',
    wholeNumber(1, QUOTA_SLOTS),
    16_384,
    'How many user names of one tenant may be in use within a few minutes, of 65536 of all tenants together.',
  ),
  turnUsageMs: setting(
    'MILLRACE_TURN_USAGE_MS',
    milliseconds(1_000),
    60_000,
    'How often the relayed bytes of an allocation are reported to the control plane, in milliseconds.',
  ),
  turnDrainMs: setting(
    'MILLRACE_TURN_DRAIN_MS',
    milliseconds(),
    5_000,
    'How long a stopping server waits for its allocations to end, in milliseconds.',
  ),
});

export type TurnSettings = ValuesOf<typeof turnSettings>;

const { natsUrl, logLevel, logPretty, metricsHost, metricsPort } = commonSettings;
const { stopGraceMs, drainReadinessLagMs, adminDrain, podDeletionCost, podName, podNamespace } = commonSettings;
const { kubernetesHost, kubernetesPort } = commonSettings;

/** Those of a TURN server that is a process of its own. */
export const turnProcessSettings = defineSettings({
  ...turnSettings.definitions,
  turnReplica: setting(
    'MILLRACE_TURN_REPLICA',
    wholeNumber(0, 1_000),
    0,
    'Index of this server, from 0, among those that share a public address: its relay ports begin that many ranges later.',
  ),
  natsUrl,
  logLevel,
  logPretty,
  metricsHost,
  metricsPort,
  stopGraceMs,
  drainReadinessLagMs,
  adminDrain,
  podDeletionCost,
  podName,
  podNamespace,
  kubernetesHost,
  kubernetesPort,
});

export type TurnProcessSettings = ValuesOf<typeof turnProcessSettings>;

/** How long a stop of a TURN server may take in all, in milliseconds. */
export const turnGracePeriodMs = (settings: TurnProcessSettings): number =>
  gracePeriodMs(settings, settings.turnDrainMs);
