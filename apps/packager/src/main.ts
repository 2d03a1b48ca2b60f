// Bootstrap and signals only: the packager alone, over NATS and Redis.
import 'reflect-metadata';
import { runProcess } from '@millrace/service-kit';
import { packagerGracePeriodMs, packagerSettings } from './packager-settings.ts';

await runProcess({
  service: 'packager',
  mainUrl: import.meta.url,
  environment: process.env,
  readSettings: (environment) => packagerSettings.parse(environment),
  gracePeriodMs: packagerGracePeriodMs,
  create: async (settings, logger, version, tracer) => {
    const { PackagerProcess } = await import('./packager-process.ts');
    return new PackagerProcess(settings, logger, version, tracer);
  },
});
