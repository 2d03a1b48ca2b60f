export type { SrtEdgePorts } from './session/srt-port.ts';
export { srtEdgeGracePeriodMs, srtEdgeProcessSettings, srtEdgeSettings } from './settings.ts';
export type { SrtEdgeSettings } from './settings.ts';
export { SrtEdgeModule } from './srt-edge.module.ts';
export { SrtEdgeService } from './srt-edge.service.ts';
