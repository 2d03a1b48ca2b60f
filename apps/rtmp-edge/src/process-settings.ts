// What an edge needs when it is a process of its own, beside its own settings.
import { commonSettings, defineSettings } from '@millrace/service-kit';
import { rtmpEdgeSettings } from './settings.ts';

const { natsUrl, redisUrl, logLevel, logPretty, metricsHost, metricsPort, stopGraceMs } = commonSettings;

export const rtmpEdgeProcessSettings = defineSettings({
  ...rtmpEdgeSettings.definitions,
  natsUrl,
  redisUrl,
  logLevel,
  logPretty,
  metricsHost,
  metricsPort,
  stopGraceMs,
});
