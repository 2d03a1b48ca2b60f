// What a TURN server needs when it is a process of its own, beside its own settings.
import { commonSettings, defineSettings, gracePeriodMs, setting, wholeNumber } from '@millrace/service-kit';
import type { ValuesOf } from '@millrace/service-kit';
import { turnSettings } from './settings.ts';

const { natsUrl, logLevel, logPretty, metricsHost, metricsPort } = commonSettings;
const { stopGraceMs, drainReadinessLagMs, adminDrain, podDeletionCost, podName, podNamespace } = commonSettings;
const { kubernetesHost, kubernetesPort } = commonSettings;

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

/** How long a stop of a TURN server may take in all, in milliseconds. */
export const turnGracePeriodMs = (settings: ValuesOf<typeof turnProcessSettings>): number =>
  gracePeriodMs(settings, settings.turnDrainMs);
