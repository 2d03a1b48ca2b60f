// What an edge needs when it is a process of its own, beside its own settings.
import { commonSettings, defineSettings, gracePeriodMs } from '@millrace/service-kit';
import type { ValuesOf } from '@millrace/service-kit';
import { rtmpEdgeSettings } from './settings.ts';

const { natsUrl, natsShards, natsFramesMaxBytes, natsReplicas, redisUrl } = commonSettings;
const { logLevel, logPretty, metricsHost, metricsPort } = commonSettings;
const { stopGraceMs, drainReadinessLagMs, adminDrain, podDeletionCost, podName, podNamespace } = commonSettings;
const { kubernetesHost, kubernetesPort } = commonSettings;

export const rtmpEdgeProcessSettings = defineSettings({
  ...rtmpEdgeSettings.definitions,
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
});

/** How long a stop of an edge may take in all, in milliseconds. */
export const rtmpEdgeGracePeriodMs = (settings: ValuesOf<typeof rtmpEdgeProcessSettings>): number =>
  gracePeriodMs(settings, settings.drainMs, settings.drainSpreadMs);
