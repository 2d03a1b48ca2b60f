// Bootstrap and signals only: the gateway alone, over NATS, Redis and PostgreSQL.
import { runServiceProcess } from '@millrace/service-kit';
import { gatewayGracePeriodMs, gatewaySettings } from './settings.ts';

await runServiceProcess({
  service: 'gateway',
  mainUrl: import.meta.url,
  environment: process.env,
  settings: gatewaySettings,
  gracePeriodMs: gatewayGracePeriodMs,
  load: async () => (await import('./process.ts')).gatewayParts,
});
