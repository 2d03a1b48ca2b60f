// The settings that edges of all protocols share: one name, one meaning, one default.
import { bytes, commonSettings, memoryLimitBytes, setting, wholeNumber } from '@millrace/service-kit';
import type { SettingValues } from '@millrace/service-kit';

const MIB = 1024 * 1024;

/**
 * Frames that are kept may take this part of the memory limit. The rest is for what an edge needs without them, and for the
 * garbage that they leave: a test runs an edge in a container of the chart's size (e2e/pod-size.e2e.ts).
 */
const RETAINED_PART_OF_MEMORY = 3 / 8;

const { instanceId, metricsTenantLimit } = commonSettings;

/** Those of every edge, also of one that shares its process with others. */
export const edgeSettings = {
  instanceId,
  metricsTenantLimit,
  backupAfterMs: setting(
    'MILLRACE_BACKUP_AFTER_MS',
    wholeNumber(500, 60_000),
    2_000,
    'How long a publisher may send nothing, or be gone, before the backup encoder that waits takes over, in milliseconds.',
  ),
  timedMetadataPerSecond: setting(
    'MILLRACE_TIMED_METADATA_PER_SECOND',
    wholeNumber(1, 100),
    5,
    'How often timed metadata may be put into a stream by REST, per second; twice as often at once.',
  ),
  timedMetadataPerSecondPerTenant: setting(
    'MILLRACE_TIMED_METADATA_PER_SECOND_PER_TENANT',
    wholeNumber(1, 100_000),
    100,
    'How often timed metadata may be put into the streams of a tenant on one edge by REST, per second; twice as often at once.',
  ),
};

const { natsUrl, natsShards, natsFramesMaxBytes, natsReplicas, redisUrl } = commonSettings;
const { logLevel, logPretty, metricsHost, metricsPort } = commonSettings;
const { stopGraceMs, drainReadinessLagMs, adminDrain, podDeletionCost, podName, podNamespace } = commonSettings;
const { kubernetesHost, kubernetesPort } = commonSettings;

/** Those that an edge which is a process of its own has besides. */
export const edgeProcessSettings = {
  retainedFramesBytes: setting(
    'MILLRACE_RETAINED_FRAMES_BYTES',
    bytes(32 * MIB),
    () => Math.floor(memoryLimitBytes() * RETAINED_PART_OF_MEMORY),
    "Maximum memory for uncommitted frames, in bytes; when not set, three eighths of the container's memory limit.",
  ),
  natsUrl,
  natsShards,
  natsFramesMaxBytes,
  natsReplicas,
  redisUrl,
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
};

export type EdgeProcessSettings = SettingValues<typeof edgeProcessSettings> &
  Pick<SettingValues<typeof edgeSettings>, 'instanceId'>;
