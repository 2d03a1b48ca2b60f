export {
  AudioPacketType,
  audioTagOfTrack,
  encodeAacTagHeader,
  encodeAudioTracks,
  encodeExAudioTagHeader,
  encodeMp3TagHeader,
  readAudioTag,
} from './audio-tag.ts';
export type { AudioCodec, AudioTag } from './audio-tag.ts';
export { AudioChannel, decodeChannelLayout, encodeChannelLayout } from './channel-layout.ts';
export type { ChannelLayout } from './channel-layout.ts';
export { decodeColorInfo, encodeColorInfo } from './color-info.ts';
export type { ColorInfo } from './color-info.ts';
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
export { AUDIO_BY_FOUR_CC, AudioFourCc, fourCcName, fourCcOf, VIDEO_BY_FOUR_CC, VideoFourCc } from './four-cc.ts';
export { MAX_MOD_EX_CHAIN } from './mod-ex.ts';
export { MultitrackType, readTracks } from './multitrack.ts';
export type { MultitrackBody } from './multitrack.ts';
export { audioTrackInfo, trackInfoMaps, videoTrackInfo } from './track-info.ts';
export type { AudioTrackInfo, VideoTrackInfo } from './track-info.ts';
export {
  encodeH264TagHeader,
  encodeExVideoTagHeader,
  encodeVideoTracks,
  hasCompositionTime,
  readVideoTag,
  VideoFrameType,
  VideoPacketType,
  videoTagOfTrack,
} from './video-tag.ts';
export type { VideoCodec, VideoTag } from './video-tag.ts';
