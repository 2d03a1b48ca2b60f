// Bootstrap and signals only: an SRT edge alone, over NATS and Redis.
import 'reflect-metadata';
import { runServiceProcess } from '@millrace/service-kit';
import { srtEdgeGracePeriodMs, srtEdgeProcessSettings } from './settings.ts';

await runServiceProcess({
  service: 'srt-edge',
  mainUrl: import.meta.url,
  environment: process.env,
  settings: srtEdgeProcessSettings,
  gracePeriodMs: srtEdgeGracePeriodMs,
  load: async () => (await import('./process.ts')).srtEdgeParts,
});
