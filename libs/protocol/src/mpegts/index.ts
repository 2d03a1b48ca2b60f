export { muxSegment } from './segment/mux-segment.ts';
export { INITIAL_CONTINUITY } from './segment/segment-options.ts';
export type {
  AccessUnit,
  AudioTrack,
  MuxedSegment,
  SegmentContinuity,
  SegmentOptions,
  TimedTag,
  VideoTrack,
} from './segment/segment-options.ts';
