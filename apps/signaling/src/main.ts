// Bootstrap and signals only: signaling alone, over NATS and Redis.
import 'reflect-metadata';
import { runProcess } from '@millrace/service-kit';
import { signalingGracePeriodMs, signalingSettings } from './signaling-settings.ts';
import { SignalingProcess } from './signaling-process.ts';

await runProcess({
  service: 'signaling',
  mainUrl: import.meta.url,
  readSettings: () => signalingSettings.parse(process.env),
  gracePeriodMs: signalingGracePeriodMs,
  create: (settings, logger, version) => new SignalingProcess(settings, logger, version),
});
