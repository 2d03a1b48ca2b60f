// Bootstrap and signals only: signaling alone, over NATS and Redis.
import 'reflect-metadata';
import { runServiceProcess } from '@millrace/service-kit';
import { signalingGracePeriodMs, signalingSettings } from './settings.ts';

await runServiceProcess({
  service: 'signaling',
  mainUrl: import.meta.url,
  environment: process.env,
  settings: signalingSettings,
  gracePeriodMs: signalingGracePeriodMs,
  load: async () => (await import('./process.ts')).signalingParts,
});
