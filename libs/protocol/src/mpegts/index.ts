export { AdaptationFlag, decodeAdaptationField, pcrBase90k, writeAdaptationField } from './adaptation-field.ts';
export type { AdaptationField } from './adaptation-field.ts';
export { readPcr, readTimestamp, unwrapTimestamp, wrapTimestamp, writePcr, writeTimestamp } from './clock.ts';
export { TIMESTAMP_MODULUS, TimestampPrefix } from './clock.ts';
export { crc32Mpeg2 } from './crc32.ts';
export { AdaptationControl, decodeTsPacketHeader, encodeTsPacketHeader, NULL_PID, TS_PACKET_BYTES } from './packet.ts';
export type { TsPacketHeader } from './packet.ts';
export { decodePat, encodePat, PAT_PID } from './pat.ts';
export type { ProgramAssociation } from './pat.ts';
export { decodePesHeader, StreamId, writePesHeader } from './pes.ts';
export type { PesHeader } from './pes.ts';
export { decodePmt, encodePmt, StreamType } from './pmt.ts';
export type { ElementaryStream, ProgramMap } from './pmt.ts';
export { decodeSection, encodeSection, TableId } from './section.ts';
export type { Section } from './section.ts';
export { muxSegment } from './segment/mux-segment.ts';
export { AUDIO_PID, INITIAL_CONTINUITY, METADATA_PID, PMT_PID, VIDEO_PID } from './segment/segment-options.ts';
export type {
  AccessUnit,
  AudioTrack,
  MuxedSegment,
  SegmentContinuity,
  SegmentOptions,
  TimedTag,
  VideoTrack,
} from './segment/segment-options.ts';
export type { PesPacket } from './demux/pes-assembler.ts';
export { readTransportStream } from './demux/read-transport-stream.ts';
export type { ReadPicture, ReadSound, TransportStreamContent } from './demux/read-transport-stream.ts';
export { TsDemuxer } from './demux/ts-demuxer.ts';
export type { TsEvent } from './demux/ts-demuxer.ts';
export { checkSegment, checkTransportStream } from './conformance/check-transport-stream.ts';
export type { TsCheckOptions, TsRule, TsViolation } from './conformance/check-transport-stream.ts';
