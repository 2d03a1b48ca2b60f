// Bootstrap and signals only: the packager alone, over NATS and Redis.
import 'reflect-metadata';
import { runProcess } from '@millrace/service-kit';
import { packagerGracePeriodMs, packagerSettings } from './packager-settings.ts';
import { PackagerProcess } from './packager-process.ts';

await runProcess({
  service: 'packager',
  mainUrl: import.meta.url,
  readSettings: () => packagerSettings.parse(process.env),
  gracePeriodMs: packagerGracePeriodMs,
  create: (settings, logger, version) => new PackagerProcess(settings, logger, version),
});
