export { INTAKE_LIMITS } from './media/intake-limits.ts';
export type { RtmpEdgePorts } from './ingest/rtmp-listeners.ts';
export type { RtmpEdgeOptions } from './rtmp-edge-options.ts';
export { RtmpEdgeModule } from './rtmp-edge.module.ts';
export { RtmpEdgeService } from './rtmp-edge.service.ts';
export { rtmpEdgeGracePeriodMs, rtmpEdgeProcessSettings, rtmpEdgeSettings } from './settings.ts';
export type { RtmpEdgeSettings } from './settings.ts';
