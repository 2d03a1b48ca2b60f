export {
  decodeH264Configuration,
  encodeH264Configuration,
  h264CodecString,
  MAX_PPS_BYTES,
  readH264ParameterSets,
} from './h264-configuration.ts';
export type { H264Configuration, H264ParameterSets } from './h264-configuration.ts';
export { H264_SYNTAX } from './nal-syntax.ts';
export { isAccessUnitDelimiter, NalUnitType, nalUnitType } from './nal-unit.ts';
export { H264_PARAMETER_SETS } from './parameter-sets.ts';
export { readPpsIds, readSliceHead } from './pps.ts';
export type { PictureParameterSetIds, SliceHead } from './pps.ts';
export { decodeSps, MAX_FRAME_MACROBLOCKS, MAX_SIDE_MACROBLOCKS, MAX_SPS_BYTES, spsFrameRate } from './sps.ts';
export type { SequenceParameterSet } from './sps.ts';
export type { VideoUsability } from './vui.ts';
