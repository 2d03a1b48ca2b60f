// Bootstrap and signals only: signaling alone, over NATS and Redis.
import 'reflect-metadata';
import { runProcess } from '@millrace/service-kit';
import { signalingGracePeriodMs, signalingSettings } from './signaling-settings.ts';

await runProcess({
  service: 'signaling',
  mainUrl: import.meta.url,
  environment: process.env,
  readSettings: (environment) => signalingSettings.parse(environment),
  gracePeriodMs: signalingGracePeriodMs,
  create: async (settings, logger, version, tracer) => {
    const { SignalingProcess } = await import('./signaling-process.ts');
    return new SignalingProcess(settings, logger, version, tracer);
  },
});
