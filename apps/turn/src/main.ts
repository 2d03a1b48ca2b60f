// Bootstrap and signals only: a TURN server alone, over NATS.
import 'reflect-metadata';
import { runServiceProcess } from '@millrace/service-kit';
import { withReplicaPorts } from './replica-ports.ts';
import { turnGracePeriodMs, turnProcessSettings } from './settings.ts';

await runServiceProcess({
  service: 'turn',
  mainUrl: import.meta.url,
  environment: process.env,
  settings: { parse: (environment) => withReplicaPorts(turnProcessSettings.parse(environment)) },
  gracePeriodMs: turnGracePeriodMs,
  load: async () => (await import('./process.ts')).turnParts,
});
