// Bootstrap and signals only: a TURN server alone, over NATS.
import 'reflect-metadata';
import { runProcess } from '@millrace/service-kit';
import { turnGracePeriodMs, turnProcessSettings } from './process-settings.ts';
import { withReplicaPorts } from './replica-ports.ts';

await runProcess({
  service: 'turn',
  mainUrl: import.meta.url,
  environment: process.env,
  readSettings: (environment) => withReplicaPorts(turnProcessSettings.parse(environment)),
  gracePeriodMs: turnGracePeriodMs,
  create: async (settings, logger, version, tracer) => {
    const { TurnProcess } = await import('./turn-process.ts');
    return new TurnProcess(settings, logger, version, tracer);
  },
});
