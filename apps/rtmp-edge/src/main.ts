// Bootstrap and signals only: an edge alone, over NATS and Redis.
import 'reflect-metadata';
import { runServiceProcess } from '@millrace/service-kit';
import { rtmpEdgeGracePeriodMs, rtmpEdgeProcessSettings } from './settings.ts';

await runServiceProcess({
  service: 'rtmp-edge',
  mainUrl: import.meta.url,
  environment: process.env,
  settings: rtmpEdgeProcessSettings,
  gracePeriodMs: rtmpEdgeGracePeriodMs,
  load: async () => (await import('./process.ts')).rtmpEdgeParts,
});
