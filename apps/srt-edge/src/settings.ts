// Every setting of the SRT edge: what peers may cost is bounded here, by name.
import { edgeProcessSettings, edgeSettings, httpPullSettings, pullSettings } from '@millrace/ingest';
import type { IngestSettings, PullSettings } from '@millrace/ingest';
import { playersBytes, playerSettings, settingsOfPlayers, simulcastSettings } from '@millrace/playout';
import type { PlayoutSettings } from '@millrace/playout';
import {
  bytes,
  defineSettings,
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
/** The field of the handshake has 16 bits. */
const MAX_LATENCY_MS = 65_535;

export const srtEdgeSettings = defineSettings({
  ...edgeSettings,
  srtHost: setting(
    'MILLRACE_SRT_HOST',
    text,
    '::',
    'Address on which SRT listens; `::` means all addresses, IPv4 and IPv6, or IPv4 only where there is no IPv6.',
  ),
  srtPort: setting('MILLRACE_SRT_PORT', port, 8890, 'UDP port for SRT.'),
  srtMaxConnections: setting(
    'MILLRACE_SRT_MAX_CONNECTIONS',
    wholeNumber(1, 1_000_000),
    4_096,
    'Maximum number of SRT connections, those that are being decided upon included.',
  ),
  srtMaxConnectionsPerAddress: setting(
    'MILLRACE_SRT_MAX_CONNECTIONS_PER_ADDRESS',
    wholeNumber(1, 1_000_000),
    256,
    'How many of them may come from one address (IPv6: one /64 network), and how many from there may be undecided, or refused or ended within the last three seconds.',
  ),
  srtLatencyMs: setting(
    'MILLRACE_SRT_LATENCY_MS',
    wholeNumber(0, MAX_LATENCY_MS),
    120,
    'How long a packet of SRT may take in all, so that lost ones can be sent again, in milliseconds; encoders may ask for longer.',
  ),
  srtMaxLatencyMs: setting(
    'MILLRACE_SRT_MAX_LATENCY_MS',
    wholeNumber(0, MAX_LATENCY_MS),
    8_000,
    'The longest latency that an SRT encoder may ask for, in milliseconds.',
  ),
  srtReceivePackets: setting(
    'MILLRACE_SRT_RECEIVE_PACKETS',
    wholeNumber(64, 65_536),
    8_192,
    'How many packets of an SRT connection may wait for their time, or for those before them; a power of two. A packet has at most 1,456 bytes of media.',
  ),
  srtSocketBufferBytes: setting(
    'MILLRACE_SRT_SOCKET_BUFFER_BYTES',
    bytes(64 * KiB),
    8 * MiB,
    'How much the operating system keeps of what has come for the SRT port, in bytes, as far as it lets programs (net.core.rmem_max).',
  ),
  srtSetupMs: setting(
    'MILLRACE_SRT_SETUP_MS',
    milliseconds(1),
    10_000,
    'How long an SRT encoder may be connected before the first tables of MPEG-TS have come, in milliseconds.',
  ),
  srtTimeoutMs: setting(
    'MILLRACE_SRT_TIMEOUT_MS',
    milliseconds(1_500),
    5_000,
    'How long an SRT peer may be silent before it counts as gone, in milliseconds; one that has nothing to send says so each second.',
  ),
  srtIdleMs: setting(
    'MILLRACE_SRT_IDLE_MS',
    milliseconds(4),
    10_000,
    'How long a publisher over SRT may send no media before it is disconnected, in milliseconds.',
  ),
  srtTrackWaitMs: setting(
    'MILLRACE_SRT_TRACK_WAIT_MS',
    milliseconds(),
    10_000,
    'How long the first track of a publisher over SRT waits for the second one, if that may still arrive, in milliseconds.',
  ),
  srtOnlyUnsupportedMs: setting(
    'MILLRACE_SRT_ONLY_UNSUPPORTED_MS',
    milliseconds(1),
    2_000,
    'How long a publisher over SRT may send only tracks with unsupported codecs before it is refused, in milliseconds.',
  ),
  srtMaxPictureBytes: setting(
    'MILLRACE_SRT_MAX_PICTURE_BYTES',
    bytes(64 * KiB, 64 * MiB),
    8 * MiB,
    'Largest picture that is put together from packets of MPEG-TS, in bytes.',
  ),
  srtAuthorizeMs: setting(
    'MILLRACE_SRT_AUTHORIZE_MS',
    milliseconds(1),
    5_000,
    'How long the control plane may take to decide whether a key may publish, or a player may watch, over SRT, in milliseconds; callers wait 3 s by default.',
  ),
  srtWrongKeysPerMinute: setting(
    'MILLRACE_SRT_WRONG_KEYS_PER_MINUTE',
    wholeNumber(1, 10_000),
    10,
    'How many different wrong stream keys or passphrases one address may try per minute over SRT; valid keys are still accepted.',
  ),
  srtMaxPlayers: setting(
    'MILLRACE_SRT_MAX_PLAYERS',
    wholeNumber(0, 1_000_000),
    1_000,
    'How many SRT players one edge serves at the same time, of its connections; further players are refused, publishers are not.',
  ),
  srtMaxPlayersPerAddress: setting(
    'MILLRACE_SRT_MAX_PLAYERS_PER_ADDRESS',
    wholeNumber(0, 1_000_000),
    100,
    'How many of those players may come from one address (IPv6: one /64 network).',
  ),
  srtMaxPlayersPerTenant: setting(
    'MILLRACE_SRT_MAX_PLAYERS_PER_TENANT',
    wholeNumber(0, 1_000_000),
    500,
    'How many of those players may watch streams of one tenant.',
  ),
  srtPlayWaitMs: setting(
    'MILLRACE_SRT_PLAY_WAIT_MS',
    milliseconds(1),
    2_500,
    'How long an SRT player waits for a stream that is not live, in milliseconds, before it is told so.',
  ),
  srtPlayMergeMs: setting(
    'MILLRACE_SRT_PLAY_MERGE_MS',
    wholeNumber(0, 1_000),
    10,
    'How long frames are collected at most to be sent to SRT players together, in milliseconds: half a millisecond for each player of the process; 0: each is sent at once.',
  ),
  srtPlayBitsPerSecond: setting(
    'MILLRACE_SRT_PLAY_BITS_PER_SECOND',
    wholeNumber(100_000, 10_000_000_000),
    50_000_000,
    'How fast one SRT player is sent media at most, what is sent again included, in bits per second; a player of a stream with more falls behind.',
  ),
  srtSendPackets: setting(
    'MILLRACE_SRT_SEND_PACKETS',
    wholeNumber(64, 65_536),
    4_096,
    'How many packets are kept for one SRT player until it has acknowledged them, for two seconds at most; a power of two.',
  ),
  srtPlayQueuesBytes: setting(
    'MILLRACE_SRT_PLAY_QUEUES_BYTES',
    bytes(),
    playersBytes,
    "How much all SRT players of one edge may have queued or unacknowledged, in bytes: at most half for one tenant, a quarter for one address; when not set, a sixteenth of the container's memory limit.",
  ),
  srtPlayGroupsBytes: setting(
    'MILLRACE_SRT_PLAY_GROUPS_BYTES',
    bytes(),
    playersBytes,
    "Total size of the groups of pictures that one edge keeps for new SRT players, in bytes: at most half of it for one tenant; when not set, a sixteenth of the container's memory limit.",
  ),
  ...playerSettings,
  ...simulcastSettings,
  ...pullSettings,
  ...httpPullSettings,
  pullHlsMaxPlaylistBytes: setting(
    'MILLRACE_PULL_HLS_MAX_PLAYLIST_BYTES',
    bytes(KiB, 16 * MiB),
    MiB,
    'Largest playlist of an ingest source of HLS, in bytes.',
  ),
  pullHlsMaxSegmentBytes: setting(
    'MILLRACE_PULL_HLS_MAX_SEGMENT_BYTES',
    bytes(64 * KiB),
    256 * MiB,
    'Largest segment of an ingest source of HLS, in bytes. It is read as fast as it plays, and not kept.',
  ),
  srtMaxPulls: setting(
    'MILLRACE_SRT_MAX_PULLS',
    wholeNumber(0, 4_096),
    256,
    'How many ingest sources (SRT, HLS) one SRT edge pulls at the same time, also those that it waits to try again; 0: none.',
  ),
  srtMaxPullsPerTenant: setting(
    'MILLRACE_SRT_MAX_PULLS_PER_TENANT',
    wholeNumber(1, 4_096),
    64,
    'How many of those may be of one tenant.',
  ),
  srtDrainMs: setting(
    'MILLRACE_SRT_DRAIN_MS',
    milliseconds(),
    5_000,
    'How long a stopping SRT edge waits for its publishers to leave, in milliseconds.',
  ),
  srtDrainSpreadMs: setting(
    'MILLRACE_SRT_DRAIN_SPREAD_MS',
    milliseconds(),
    10_000,
    'Period over which the remaining publishers over SRT are then ended one by one, each before a keyframe, in milliseconds; 0: all at the same time.',
  ),
});

export type SrtEdgeSettings = ValuesOf<typeof srtEdgeSettings>;

/** No login is offered whose challenge would have to be limited, and nothing is read before a publish request is decided. */
const NOT_USED = { loginsPerMinute: 1, earlyTotalBytes: Number.MAX_SAFE_INTEGER };

export const ingestSettingsOf = (settings: SrtEdgeSettings): IngestSettings => ({
  ...NOT_USED,
  instanceId: settings.instanceId,
  metricsTenantLimit: settings.metricsTenantLimit,
  authorizeMs: settings.srtAuthorizeMs,
  wrongKeysPerMinute: settings.srtWrongKeysPerMinute,
  trackWaitMs: settings.srtTrackWaitMs,
  onlyUnsupportedMs: settings.srtOnlyUnsupportedMs,
  backupAfterMs: settings.backupAfterMs,
  timedMetadataPerSecond: settings.timedMetadataPerSecond,
  timedMetadataPerSecondPerTenant: settings.timedMetadataPerSecondPerTenant,
  drainMs: settings.srtDrainMs,
  drainSpreadMs: settings.srtDrainSpreadMs,
});

export const pullSettingsOf = (settings: SrtEdgeSettings): PullSettings => ({
  pullRetryMinMs: settings.pullRetryMinMs,
  pullRetryMaxMs: settings.pullRetryMaxMs,
  maxPulls: settings.srtMaxPulls,
  maxPullsPerTenant: settings.srtMaxPullsPerTenant,
});

/** The limits of an edge's players, as playout knows them. */
export const playoutSettingsOf = (settings: SrtEdgeSettings): PlayoutSettings =>
  settingsOfPlayers(settings, {
    max: settings.srtMaxPlayers,
    maxPerAddress: settings.srtMaxPlayersPerAddress,
    maxPerTenant: settings.srtMaxPlayersPerTenant,
    queuesBytes: settings.srtPlayQueuesBytes,
    groupsBytes: settings.srtPlayGroupsBytes,
  });

/** Those of an edge that is a process of its own. */
export const srtEdgeProcessSettings = defineSettings({ ...srtEdgeSettings.definitions, ...edgeProcessSettings });

export type SrtEdgeProcessSettings = ValuesOf<typeof srtEdgeProcessSettings>;

/** How long a stop of an edge may take in all, in milliseconds. */
export const srtEdgeGracePeriodMs = (settings: SrtEdgeProcessSettings): number =>
  gracePeriodMs(settings, settings.srtDrainMs, settings.srtDrainSpreadMs);
