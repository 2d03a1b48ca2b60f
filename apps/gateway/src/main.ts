// Bootstrap and signals only: the gateway alone, over NATS, Redis and PostgreSQL.
import { runProcess } from '@millrace/service-kit';
import { gatewayGracePeriodMs, gatewaySettings } from './settings.ts';

await runProcess({
  service: 'gateway',
  mainUrl: import.meta.url,
  environment: process.env,
  readSettings: (environment) => gatewaySettings.parse(environment),
  gracePeriodMs: gatewayGracePeriodMs,
  create: async (settings, logger, version, tracer) => {
    const { GatewayProcess } = await import('./gateway-process.ts');
    return new GatewayProcess(settings, logger, version, tracer);
  },
});
