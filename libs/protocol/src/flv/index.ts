export {
  AudioPacketType,
  encodeAacTagHeader,
  encodeExAudioTagHeader,
  encodeMp3TagHeader,
  readAudioTag,
} from './audio-tag.ts';
export type { AudioCodec, AudioTag } from './audio-tag.ts';
export { FlvDecoder } from './flv-decoder.ts';
export { decodeFlvHeader, encodeFlvHeader, FLV_HEADER_BYTES } from './flv-header.ts';
export type { FlvHeader } from './flv-header.ts';
export {
  encodeFlvTag,
  FLV_TAG_HEADER_BYTES,
  FLV_TAG_TRAILER_BYTES,
  FlvTagType,
  MAX_FLV_TAG_DATA_BYTES,
  writeFlvTagHeader,
} from './flv-tag.ts';
export type { FlvTag } from './flv-tag.ts';
export { AudioFourCc, fourCcName, fourCcOf, VideoFourCc } from './four-cc.ts';
export { MAX_MOD_EX_CHAIN } from './mod-ex.ts';
export { MultitrackType, readTracks } from './multitrack.ts';
export type { MultitrackBody } from './multitrack.ts';
export {
  encodeH264TagHeader,
  encodeExVideoTagHeader,
  hasCompositionTime,
  readVideoTag,
  VideoFrameType,
  VideoPacketType,
} from './video-tag.ts';
export type { VideoCodec, VideoTag } from './video-tag.ts';
