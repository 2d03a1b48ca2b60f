// What a TURN server needs when it is a process of its own, beside its own settings.
import { commonSettings, defineSettings, gracePeriodMs } from '@millrace/service-kit';
import type { ValuesOf } from '@millrace/service-kit';
import { turnSettings } from './settings.ts';

const { natsUrl, logLevel, logPretty, metricsHost, metricsPort } = commonSettings;
const { stopGraceMs, drainReadinessLagMs, adminDrain, podDeletionCost, podName, podNamespace } = commonSettings;

export const turnProcessSettings = defineSettings({
  ...turnSettings.definitions,
  natsUrl,
  logLevel,
  logPretty,
  metricsHost,
  metricsPort,
  ...{ stopGraceMs, drainReadinessLagMs, adminDrain, podDeletionCost, podName, podNamespace },
});

/** How long a stop of a TURN server may take in all, in milliseconds. */
export const turnGracePeriodMs = (settings: ValuesOf<typeof turnProcessSettings>): number =>
  gracePeriodMs(settings, settings.turnDrainMs);
