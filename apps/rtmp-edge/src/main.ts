// Bootstrap and signals only: an edge alone, over NATS and Redis.
import 'reflect-metadata';
import { runProcess } from '@millrace/service-kit';
import { rtmpEdgeGracePeriodMs, rtmpEdgeProcessSettings } from './process-settings.ts';
import { RtmpEdgeProcess } from './rtmp-edge-process.ts';

await runProcess({
  service: 'rtmp-edge',
  mainUrl: import.meta.url,
  readSettings: () => rtmpEdgeProcessSettings.parse(process.env),
  gracePeriodMs: rtmpEdgeGracePeriodMs,
  create: (settings, logger, version) => new RtmpEdgeProcess(settings, logger, version),
});
