// What a TURN server needs when it is a process of its own, beside its own settings.
import { commonSettings, defineSettings } from '@millrace/service-kit';
import { turnSettings } from './settings.ts';

const { natsUrl, logLevel, logPretty, metricsHost, metricsPort, stopGraceMs } = commonSettings;

export const turnProcessSettings = defineSettings({
  ...turnSettings.definitions,
  natsUrl,
  logLevel,
  logPretty,
  metricsHost,
  metricsPort,
  stopGraceMs,
});
