export type { PesPacket } from './demux/pes-assembler.ts';
export { SoundSplitter } from './demux/sound-splitter.ts';
export { streamFormatOf } from './demux/stream-format.ts';
export type { StreamFormat, TsAudioCodec, TsVideoCodec } from './demux/stream-format.ts';
export { TsDemuxer } from './demux/ts-demuxer.ts';
export type { TsEvent } from './demux/ts-demuxer.ts';
export { unwrapTimestamp } from './clock.ts';
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
