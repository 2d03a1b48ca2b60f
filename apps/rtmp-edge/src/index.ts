export { INTAKE_LIMITS } from './media/intake-limits.ts';
export { RtmpEdge } from './rtmp-edge.ts';
export type { RtmpEdgeOptions, RtmpEdgePorts } from './rtmp-edge.ts';
export { RtmpEdgeModule } from './rtmp-edge.module.ts';
export type { RtmpEdgeModuleOptions } from './rtmp-edge.module.ts';
export { rtmpEdgeGracePeriodMs, rtmpEdgeProcessSettings, rtmpEdgeSettings } from './settings.ts';
export type { RtmpEdgeSettings } from './settings.ts';
