// What the packager reads from the environment.
import {
  bytes,
  commonSettings,
  defineSettings,
  gracePeriodMs,
  milliseconds,
  setting,
  type ValuesOf,
  wholeNumber,
} from '@millrace/service-kit';

const MIB = 1024 * 1024;

const cutting = {
  segmentMaxMs: setting(
    'MILLRACE_SEGMENT_MAX_MS',
    milliseconds(1_000),
    10_000,
    'Longest first segment of a session, in milliseconds: where no keyframe comes, it is cut here. The same on every packager.',
  ),
  segmentMaxBytes: setting(
    'MILLRACE_SEGMENT_MAX_BYTES',
    bytes(64 * 1024, 1024 * MIB),
    32 * MIB,
    'Most bytes of a segment: where no keyframe comes, it is cut here. The same on every packager.',
  ),
};

const limits = {
  packagerMaxStreams: setting(
    'MILLRACE_PACKAGER_MAX_STREAMS',
    wholeNumber(0, 100_000),
    500,
    'How many streams one packager takes; 0: none.',
  ),
  packagerMaxPendingBytes: setting(
    'MILLRACE_PACKAGER_MAX_PENDING_BYTES',
    bytes(MIB),
    16 * MIB,
    'How many bytes of one stream may wait for Redis; what comes then is left in the frame log until Redis is back.',
  ),
  packagerMaxRebuildBytes: setting(
    'MILLRACE_PACKAGER_MAX_REBUILD_BYTES',
    bytes(MIB),
    128 * MIB,
    'How many bytes of segments are put back at once after Redis lost them; of a longer list only what follows comes back.',
  ),
};

const leases = {
  leaseTtlMs: setting(
    'MILLRACE_LEASE_TTL_MS',
    milliseconds(500),
    2_000,
    'After this time without a sign of life of a packager another one takes its streams, in milliseconds.',
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
    'How often a packager looks for streams that nobody packages, in milliseconds.',
  ),
  workSpreadMs: setting(
    'MILLRACE_WORK_SPREAD_MS',
    milliseconds(),
    150,
    'How long a packager without a place left would leave a stream to others, in milliseconds; one with less to do, less long.',
  ),
};

const { natsUrl, natsShards, natsFramesMaxBytes, natsReplicas, redisUrl } = commonSettings;
const { logLevel, logPretty, metricsHost, metricsPort, instanceId } = commonSettings;
const { stopGraceMs, adminDrain, podDeletionCost, podName, podNamespace } = commonSettings;
const { kubernetesHost, kubernetesPort } = commonSettings;
const common = {
  ...{ natsUrl, natsShards, natsFramesMaxBytes, natsReplicas, redisUrl },
  ...{ logLevel, logPretty, metricsHost, metricsPort, instanceId },
  ...{ stopGraceMs, adminDrain, podDeletionCost, podName, podNamespace },
  ...{ kubernetesHost, kubernetesPort },
};

export const packagerSettings = defineSettings({ ...common, ...cutting, ...limits, ...leases });

export type PackagerSettings = ValuesOf<typeof packagerSettings>;

/** How long a stop of a packager may take in all, in milliseconds: it has no door, and hands its streams over at once. */
export const packagerGracePeriodMs = (settings: PackagerSettings): number =>
  gracePeriodMs({ stopGraceMs: settings.stopGraceMs });
