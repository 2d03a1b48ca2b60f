// Bootstrap and signals only: an RTSP edge alone, over NATS and Redis.
import 'reflect-metadata';
import { runServiceProcess } from '@millrace/service-kit';
import { rtspEdgeGracePeriodMs, rtspEdgeProcessSettings } from './settings.ts';

await runServiceProcess({
  service: 'rtsp-edge',
  mainUrl: import.meta.url,
  environment: process.env,
  settings: rtspEdgeProcessSettings,
  gracePeriodMs: rtspEdgeGracePeriodMs,
  load: async () => (await import('./process.ts')).rtspEdgeParts,
});
