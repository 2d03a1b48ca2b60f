// Everything that the composed apps read from the environment, and what only one process with its own database needs.
import { gatewaySettings } from '@millrace/gateway';
import type { GatewaySettings } from '@millrace/gateway';
import { packagerSettings } from '@millrace/packager';
import type { PackagerSettings } from '@millrace/packager';
import { rtmpEdgeSettings } from '@millrace/rtmp-edge';
import type { RtmpEdgeSettings } from '@millrace/rtmp-edge';
import { rtspEdgeSettings } from '@millrace/rtsp-edge';
import type { RtspEdgeSettings } from '@millrace/rtsp-edge';
import { signalingSettings } from '@millrace/signaling';
import type { RoomsSettings } from '@millrace/signaling';
import { srtEdgeSettings } from '@millrace/srt-edge';
import type { SrtEdgeSettings } from '@millrace/srt-edge';
import { turnSettings } from '@millrace/turn';
import type { TurnSettings } from '@millrace/turn';
import {
  bytes,
  databasePassword,
  defineSettings,
  memoryLimitBytes,
  port,
  setting,
  url,
  variablesThatMayBeEmpty,
} from '@millrace/service-kit';
import { callDefaults } from './calls/call-addresses.ts';
import { publicAddresses } from './calls/public-addresses.ts';
import type { LocalAddress } from './calls/call-addresses.ts';

const GIB = 1024 ** 3;

/** Beside frames, which may take three eighths. */
const SEGMENTS_PART_OF_MEMORY = 1 / 4;

const own = {
  databaseUrl: setting(
    'MILLRACE_DATABASE_URL',
    url('postgres', 'postgresql').optional(),
    undefined,
    'URL of the PostgreSQL database; when not set, a single process runs its own and a gateway connects to 127.0.0.1:5432.',
    { secret: true, password: databasePassword },
  ),
  embeddedDatabasePort: setting(
    'MILLRACE_EMBEDDED_DATABASE_PORT',
    port,
    0,
    'Port of the embedded PostgreSQL, on 127.0.0.1; 0: any free port.',
  ),
  liveStoreMaxBytes: setting(
    'MILLRACE_LIVE_STORE_MAX_BYTES',
    bytes(64 * 1024 * 1024),
    () => Math.min(4 * GIB, Math.floor(memoryLimitBytes() * SEGMENTS_PART_OF_MEMORY)),
    'Memory for segments in a single process, in bytes; when not set, a quarter of its memory limit, at most 4 GiB.',
  ),
};

const { natsUrl, redisUrl, ...gateway } = gatewaySettings.definitions;

/** In the order of `.env.example`. */
export const standaloneSettings = defineSettings({
  ...gateway,
  ...rtmpEdgeSettings.definitions,
  ...rtspEdgeSettings.definitions,
  ...srtEdgeSettings.definitions,
  ...packagerSettings.definitions,
  ...signalingSettings.definitions,
  ...turnSettings.definitions,
  ...own,
  natsUrl,
  redisUrl,
});

/** What the apps together need, once the database's address is known. */
export type ComposedSettings = GatewaySettings &
  RtmpEdgeSettings &
  RtspEdgeSettings &
  SrtEdgeSettings &
  PackagerSettings &
  RoomsSettings &
  TurnSettings;

export type StandaloneSettings = ReturnType<typeof standaloneSettings.parse>;

/** The longest that each part may drain, in milliseconds. */
export const drainTimes = (settings: StandaloneSettings): number[] => [
  settings.drainMs,
  settings.drainSpreadMs,
  settings.rtspDrainMs,
  settings.rtspDrainSpreadMs,
  settings.srtDrainMs,
  settings.srtDrainSpreadMs,
  settings.httpDrainMs,
  settings.signalingDrainMs,
  settings.turnDrainMs,
];

/** People who run it for themselves reach it at its own address. */
const WITHIN_REACH = { MILLRACE_RTSP_UDP: 'true' };

/** One process has nowhere to send publishers and viewers to: it need not wait for them to go. */
const NOTHING_TO_WAIT_FOR = {
  MILLRACE_RTMP_DRAIN_MS: '0',
  MILLRACE_RTMP_DRAIN_SPREAD_MS: '0',
  MILLRACE_RTSP_DRAIN_MS: '0',
  MILLRACE_RTSP_DRAIN_SPREAD_MS: '0',
  MILLRACE_SRT_DRAIN_MS: '0',
  MILLRACE_SRT_DRAIN_SPREAD_MS: '0',
  MILLRACE_HTTP_DRAIN_MS: '0',
};

/** In one process no other packager can lose a stream, and those that go live say so. */
const HEARS_OF_ALL = { MILLRACE_WORK_POLL_MS: '1000' };

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Fills in what follows from other variables, and from there being one process: people are given addresses with the host and the
 * ports that are listened on, and a stop does not wait for clients to go elsewhere.
 */
export function withDerivedDefaults(env: Environment, local: readonly LocalAddress[]): Environment {
  const mayBeEmpty = variablesThatMayBeEmpty(standaloneSettings.definitions);
  const isGiven = ([variable, value]: [string, string | undefined]): boolean =>
    value !== undefined && (value !== '' || mayBeEmpty.has(variable));
  const given = Object.fromEntries(Object.entries(env).filter(isGiven));
  const addresses = { ...publicAddresses(given, local), ...given };
  return { ...NOTHING_TO_WAIT_FOR, ...HEARS_OF_ALL, ...WITHIN_REACH, ...callDefaults(addresses, local), ...addresses };
}
