// Bootstrap and signals only: the packager alone, over NATS and Redis.
import 'reflect-metadata';
import { runServiceProcess } from '@millrace/service-kit';
import { packagerGracePeriodMs, packagerSettings } from './settings.ts';

await runServiceProcess({
  service: 'packager',
  mainUrl: import.meta.url,
  environment: process.env,
  settings: packagerSettings,
  gracePeriodMs: packagerGracePeriodMs,
  load: async () => (await import('./process.ts')).packagerParts,
});
