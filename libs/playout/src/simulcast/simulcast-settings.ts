// The settings of simulcast targets; the same on edges of all protocols.
import { addressRanges, bytes, milliseconds, powerOfTwo, setting, wholeNumber } from '@millrace/service-kit';
import type { SettingValues } from '@millrace/service-kit';
import { playersBytes, settingsOfPlayers } from '../live/playout-settings.ts';
import type { playerSettings, PlayoutSettings } from '../live/playout-settings.ts';

/** Gateways check addresses by it when they are written, edges whenever they connect. */
export const simulcastAddressSettings = {
  simulcastAllowedAddresses: setting(
    'MILLRACE_SIMULCAST_ALLOWED_ADDRESSES',
    addressRanges,
    [],
    'Address ranges that are not public but may be simulcast targets, separated by commas: servers of your own network.',
    { emptyIsNone: true },
  ),
};

export const simulcastSettings = {
  ...simulcastAddressSettings,
  simulcastMaxTargets: setting(
    'MILLRACE_SIMULCAST_MAX_TARGETS',
    wholeNumber(0, 100_000),
    500,
    'How many simulcast targets one edge sends to at the same time; others wait.',
  ),
  simulcastMaxTargetsPerTenant: setting(
    'MILLRACE_SIMULCAST_MAX_TARGETS_PER_TENANT',
    wholeNumber(0, 100_000),
    100,
    'How many of those targets may be of one tenant.',
  ),
  simulcastConnectMs: setting(
    'MILLRACE_SIMULCAST_CONNECT_MS',
    milliseconds(100),
    10_000,
    'How long a simulcast target may take until it accepts the stream, in milliseconds.',
  ),
  simulcastSrtSendPackets: setting(
    'MILLRACE_SIMULCAST_SRT_SEND_PACKETS',
    powerOfTwo(64, 65_536),
    4_096,
    'How many packets are kept for one simulcast target over SRT until it has acknowledged them, for two seconds at most; a power of two.',
  ),
  simulcastSrtBitsPerSecond: setting(
    'MILLRACE_SIMULCAST_SRT_BITS_PER_SECOND',
    wholeNumber(100_000, 10_000_000_000),
    50_000_000,
    'How fast one simulcast target over SRT is sent media at most, what is sent again included, in bits per second.',
  ),
  simulcastRetryMinMs: setting(
    'MILLRACE_SIMULCAST_RETRY_MIN_MS',
    milliseconds(10),
    1_000,
    'Pause before a simulcast target that failed is connected to again, in milliseconds; doubles with each failure.',
  ),
  simulcastRetryMaxMs: setting(
    'MILLRACE_SIMULCAST_RETRY_MAX_MS',
    milliseconds(10),
    30_000,
    'Longest such pause, in milliseconds.',
  ),
  simulcastSyncMs: setting(
    'MILLRACE_SIMULCAST_SYNC_MS',
    wholeNumber(100, 600_000),
    5_000,
    'How often an edge reports the bytes of simulcast targets, and asks for changes that it was not told of, in milliseconds. Changes of state are reported at once.',
  ),
  simulcastQueuesBytes: setting(
    'MILLRACE_SIMULCAST_QUEUES_BYTES',
    bytes(),
    playersBytes,
    "How much may be queued for all simulcast targets of one edge together, in bytes: at most half of it for one tenant; when not set, a sixteenth of the container's memory limit.",
  ),
  simulcastGroupsBytes: setting(
    'MILLRACE_SIMULCAST_GROUPS_BYTES',
    bytes(),
    playersBytes,
    "Total size of the groups of pictures that one edge keeps for simulcast targets, in bytes: at most half of it for one tenant; when not set, a sixteenth of the container's memory limit.",
  ),
};

/** What holds for each player of an edge holds for each target too. */
export type SimulcastSettings = SettingValues<typeof simulcastSettings & typeof playerSettings>;

/** The limits of targets, as live streams know them. A target counts as an address of its own: many tenants use the same services. */
export const playoutSettingsOfTargets = (settings: SimulcastSettings): PlayoutSettings => {
  const { simulcastQueuesBytes: queuesBytes, simulcastMaxTargets: max } = settings;
  const limits = settingsOfPlayers(settings, {
    max,
    maxPerAddress: max,
    maxPerTenant: settings.simulcastMaxTargetsPerTenant,
    queuesBytes,
    groupsBytes: settings.simulcastGroupsBytes,
  });
  return { ...limits, playoutQueuesBytesPerAddress: queuesBytes };
};
