// Bootstrap and signals only: an edge alone, over NATS and Redis.
import 'reflect-metadata';
import { runProcess } from '@millrace/service-kit';
import { rtmpEdgeGracePeriodMs, rtmpEdgeProcessSettings } from './process-settings.ts';

await runProcess({
  service: 'rtmp-edge',
  mainUrl: import.meta.url,
  environment: process.env,
  readSettings: (environment) => rtmpEdgeProcessSettings.parse(environment),
  gracePeriodMs: rtmpEdgeGracePeriodMs,
  create: async (settings, logger, version, tracer) => {
    const { RtmpEdgeProcess } = await import('./rtmp-edge-process.ts');
    return new RtmpEdgeProcess(settings, logger, version, tracer);
  },
});
