// The settings of a process that serves live viewers over connections; the same for all protocols.
import { bytes, memoryLimitBytes, milliseconds, setting, wholeNumber } from '@millrace/service-kit';
import type { SettingValues } from '@millrace/service-kit';

const KIB = 1024;
const MIB = 1024 * KIB;

export const playoutSettings = {
  playoutMaxViewers: setting(
    'MILLRACE_PLAYOUT_MAX_VIEWERS',
    wholeNumber(0, 1_000_000),
    5_000,
    'How many viewers one gateway serves over connections (HTTP-FLV, WebSocket-FLV) at the same time; further viewers are refused. RTMP players: MILLRACE_RTMP_MAX_PLAYERS.',
  ),
  playoutMaxViewersPerAddress: setting(
    'MILLRACE_PLAYOUT_MAX_VIEWERS_PER_ADDRESS',
    wholeNumber(0, 1_000_000),
    200,
    'How many of those viewers may come from one address (IPv6: one /64 network).',
  ),
  playoutMaxViewersPerTenant: setting(
    'MILLRACE_PLAYOUT_MAX_VIEWERS_PER_TENANT',
    wholeNumber(0, 1_000_000),
    2_500,
    'How many of those viewers may watch streams of one tenant.',
  ),
  playoutStartMs: setting(
    'MILLRACE_PLAYOUT_START_MS',
    milliseconds(1),
    10_000,
    'How long such a viewer waits for the first keyframe before it is told that the stream is offline, in milliseconds.',
  ),
  playoutQueueBytes: setting(
    'MILLRACE_PLAYOUT_QUEUE_BYTES',
    bytes(64 * KIB),
    8 * MIB,
    'How much may be queued for one such viewer, in bytes; above that the viewer skips to the next keyframe.',
  ),
  playoutQueueMs: setting(
    'MILLRACE_PLAYOUT_QUEUE_MS',
    milliseconds(100),
    5_000,
    'How much of the stream may be queued for one such viewer, in milliseconds; above that the viewer skips to the next keyframe.',
  ),
  playoutMaxSkips: setting(
    'MILLRACE_PLAYOUT_MAX_SKIPS',
    wholeNumber(0, 1_000),
    5,
    'How often per minute such a viewer may skip to the next keyframe before it is disconnected.',
  ),
  playoutUnreadMs: setting(
    'MILLRACE_PLAYOUT_UNREAD_MS',
    milliseconds(100),
    10_000,
    'How long the connection of such a viewer may accept no data before it is closed, in milliseconds.',
  ),
  playoutQueuesBytes: setting(
    'MILLRACE_PLAYOUT_QUEUES_BYTES',
    bytes(),
    128 * MIB,
    'How much may be queued for all such viewers of one process together, in bytes.',
  ),
  playoutQueuesBytesPerAddress: setting(
    'MILLRACE_PLAYOUT_QUEUES_BYTES_PER_ADDRESS',
    bytes(),
    32 * MIB,
    'How much of that may be queued for viewers from one address (IPv6: one /64 network), in bytes.',
  ),
  playoutQueuesBytesPerTenant: setting(
    'MILLRACE_PLAYOUT_QUEUES_BYTES_PER_TENANT',
    bytes(),
    64 * MIB,
    'How much of that may be queued for viewers of one tenant, in bytes.',
  ),
  playoutGroupBytes: setting(
    'MILLRACE_PLAYOUT_GROUP_BYTES',
    bytes(),
    8 * MIB,
    'Largest group of pictures kept for new viewers of one stream, in bytes; at most MILLRACE_PLAYOUT_QUEUE_BYTES. If a group is larger, new viewers wait for the next keyframe.',
  ),
  playoutGroupMs: setting(
    'MILLRACE_PLAYOUT_GROUP_MS',
    milliseconds(),
    20_000,
    'Longest group of pictures kept for new viewers, in milliseconds.',
  ),
  playoutGroupsBytes: setting(
    'MILLRACE_PLAYOUT_GROUPS_BYTES',
    bytes(),
    128 * MIB,
    'Total size of the groups of pictures kept by one process, in bytes.',
  ),
  playoutGroupsBytesPerTenant: setting(
    'MILLRACE_PLAYOUT_GROUPS_BYTES_PER_TENANT',
    bytes(),
    64 * MIB,
    'How much of that may be for streams of one tenant, in bytes.',
  ),
};

const { playoutStartMs, playoutQueueBytes, playoutQueueMs, playoutMaxSkips, playoutUnreadMs, ...more } =
  playoutSettings;
const { playoutGroupBytes, playoutGroupMs } = more;
/** Those that hold for each player of an edge too; how many players an edge has, and how much for all of them, it says by itself. */
export const playerSettings = {
  playoutStartMs,
  playoutQueueBytes,
  playoutQueueMs,
  playoutMaxSkips,
  playoutUnreadMs,
  playoutGroupBytes,
  playoutGroupMs,
};

/** What an edge queues for all its players, and what it keeps for new ones, may each take this part of its memory. */
const PLAYERS_PART_OF_MEMORY = 1 / 16;
export const playersBytes = (): number => Math.floor(memoryLimitBytes() * PLAYERS_PART_OF_MEMORY);

export type PlayoutSettings = SettingValues<typeof playoutSettings>;

/** How many players an edge serves, and how much memory is for all of them. */
export interface PlayersLimits {
  readonly max: number;
  readonly maxPerAddress: number;
  readonly maxPerTenant: number;
  readonly queuesBytes: number;
  readonly groupsBytes: number;
}

/** What holds for an edge's players, as for viewers of gateways: half of the bytes may be for one tenant, a quarter for one address. */
export const settingsOfPlayers = (
  each: Pick<PlayoutSettings, keyof typeof playerSettings>,
  { max, maxPerAddress, maxPerTenant, queuesBytes, groupsBytes }: PlayersLimits,
): PlayoutSettings => ({
  ...each,
  playoutMaxViewers: max,
  playoutMaxViewersPerAddress: maxPerAddress,
  playoutMaxViewersPerTenant: maxPerTenant,
  playoutQueuesBytes: queuesBytes,
  playoutQueuesBytesPerTenant: Math.floor(queuesBytes / 2),
  playoutQueuesBytesPerAddress: Math.floor(queuesBytes / 4),
  playoutGroupsBytes: groupsBytes,
  playoutGroupsBytesPerTenant: Math.floor(groupsBytes / 2),
});
