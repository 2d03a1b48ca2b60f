export { formatManifest } from './manifest.ts';
export type { DashAdaptationSet, DashManifest, DashPeriod, DashRepresentation, DashSegment } from './manifest.ts';
