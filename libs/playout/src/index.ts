export { METERING_LIMITS } from './metering/metering-limits.ts';
export { PlaybackMeter } from './metering/playback-meter.ts';
export type { Viewer } from './metering/viewer-count.ts';
