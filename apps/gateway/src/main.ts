// Bootstrap and signals only: the gateway alone, over NATS, Redis and PostgreSQL.
import { runProcess } from '@millrace/service-kit';
import { GatewayProcess } from './gateway-process.ts';
import { gatewayGracePeriodMs, gatewaySettings } from './settings.ts';

await runProcess({
  service: 'gateway',
  mainUrl: import.meta.url,
  readSettings: () => gatewaySettings.parse(process.env),
  gracePeriodMs: gatewayGracePeriodMs,
  create: (settings, logger, version) => new GatewayProcess(settings, logger, version),
});
