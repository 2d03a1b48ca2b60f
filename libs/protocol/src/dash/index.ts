export { formatManifest } from './manifest.ts';
export type {
  DashAdaptationSet,
  DashDescriptor,
  DashManifest,
  DashPeriod,
  DashRepresentation,
  DashSegment,
} from './manifest.ts';
