// What the packager reads from the environment.
import { SEGMENT_POOL_DEFAULTS } from '@millrace/live-store';
import {
  bytes,
  commonSettings,
  ConfigError,
  defineSettings,
  gracePeriodMs,
  milliseconds,
  setting,
  wholeNumber,
} from '@millrace/service-kit';
import type { ValuesOf } from '@millrace/service-kit';

const MIB = 1024 * 1024;

const cutting = {
  segmentMaxMs: setting(
    'MILLRACE_SEGMENT_MAX_MS',
    milliseconds(1_000),
    10_000,
    'Longest first segment of a session, in milliseconds; without a keyframe it is cut at this length. The same on every packager.',
  ),
  segmentMaxBytes: setting(
    'MILLRACE_SEGMENT_MAX_BYTES',
    bytes(64 * 1024, 1024 * MIB),
    32 * MIB,
    'Largest segment, in bytes; without a keyframe it is cut at this size. The same on every packager.',
  ),
};

const limits = {
  packagerMaxStreams: setting(
    'MILLRACE_PACKAGER_MAX_STREAMS',
    wholeNumber(0, 100_000),
    500,
    'Maximum number of streams of one packager; 0: none.',
  ),
  packagerMaxPendingBytes: setting(
    'MILLRACE_PACKAGER_MAX_PENDING_BYTES',
    bytes(MIB),
    16 * MIB,
    'How much data of one stream may wait for Redis, in bytes; beyond that, frames stay in the frame log until Redis is back.',
  ),
  packagerMaxRebuildBytes: setting(
    'MILLRACE_PACKAGER_MAX_REBUILD_BYTES',
    bytes(MIB),
    128 * MIB,
    'Most bytes of segments that are restored in one step after Redis lost them; of a larger window only the newest part is restored.',
  ),
};

const memory = {
  segmentPoolBytes: setting(
    'MILLRACE_SEGMENT_POOL_BYTES',
    bytes(),
    SEGMENT_POOL_DEFAULTS.maxFreeBytes,
    'Most memory of past segments that waits to be used for the next ones, in bytes; what is not needed for 10 s is given back. 0: none waits.',
  ),
};

const leases = {
  leaseTtlMs: setting(
    'MILLRACE_LEASE_TTL_MS',
    milliseconds(500),
    2_000,
    'How long a packager may be unresponsive before another one takes over its streams, in milliseconds.',
  ),
  leaseRenewMs: setting(
    'MILLRACE_LEASE_RENEW_MS',
    milliseconds(50),
    600,
    'How often a packager renews its leases, in milliseconds; below half of MILLRACE_LEASE_TTL_MS.',
  ),
  workPollMs: setting(
    'MILLRACE_WORK_POLL_MS',
    milliseconds(20),
    200,
    'How often a packager looks for streams without a packager, in milliseconds.',
  ),
  workSpreadMs: setting(
    'MILLRACE_WORK_SPREAD_MS',
    milliseconds(),
    150,
    'Longest delay before a packager claims a stream, in milliseconds; scaled by its load.',
  ),
};

const { natsUrl, natsShards, natsFramesMaxBytes, natsReplicas, redisUrl } = commonSettings;
const { logLevel, logPretty, metricsHost, metricsPort, instanceId } = commonSettings;
const { stopGraceMs, adminDrain, podDeletionCost, podName, podNamespace } = commonSettings;
const { kubernetesHost, kubernetesPort } = commonSettings;
const common = {
  natsUrl,
  natsShards,
  natsFramesMaxBytes,
  natsReplicas,
  redisUrl,
  logLevel,
  logPretty,
  metricsHost,
  metricsPort,
  instanceId,
  stopGraceMs,
  adminDrain,
  podDeletionCost,
  podName,
  podNamespace,
  kubernetesHost,
  kubernetesPort,
};

export const packagerSettings = defineSettings({ ...common, ...cutting, ...limits, ...memory, ...leases });

export type PackagerSettings = ValuesOf<typeof packagerSettings>;

/** The settings that packaging itself reads. */
export type PackagingSettings = Omit<
  PackagerSettings,
  | 'natsUrl'
  | 'natsShards'
  | 'natsFramesMaxBytes'
  | 'natsReplicas'
  | 'redisUrl'
  | 'segmentPoolBytes'
  | 'logLevel'
  | 'logPretty'
  | 'metricsHost'
  | 'metricsPort'
>;

/** A lease must live through one renewal that fails. @throws ConfigError when it would not */
export function checkedSettings(settings: PackagingSettings): PackagingSettings {
  const { leaseTtlMs, leaseRenewMs } = settings;
  if (leaseRenewMs * 2 < leaseTtlMs) return settings;
  const fault = `must be below half of MILLRACE_LEASE_TTL_MS, which is ${leaseTtlMs}`;
  throw new ConfigError([{ variable: 'MILLRACE_LEASE_RENEW_MS', fault }]);
}

/** How long a stop of a packager may take in all, in milliseconds: it has no public port, and hands its streams over at once. */
export const packagerGracePeriodMs = (settings: PackagerSettings): number =>
  gracePeriodMs({ stopGraceMs: settings.stopGraceMs });
