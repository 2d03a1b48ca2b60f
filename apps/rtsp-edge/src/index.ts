export type { RtspEdgePorts } from './session/rtsp-listeners.ts';
export type { RtspEdgeOptions } from './rtsp-edge-options.ts';
export { RtspEdgeModule } from './rtsp-edge.module.ts';
export { RtspEdgeService } from './rtsp-edge.service.ts';
export { rtspEdgeGracePeriodMs, rtspEdgeProcessSettings, rtspEdgeSettings } from './settings.ts';
export type { RtspEdgeSettings } from './settings.ts';
