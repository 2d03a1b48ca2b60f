export {
  AccessUnitFlag,
  AccessUnitScan,
  classifyAccessUnit,
  joinAccessUnit,
  MAX_NAL_UNITS,
  nalLengthAt,
  scanAccessUnit,
  splitAccessUnit,
} from './access-unit.ts';
export type { NalLengthSize } from './access-unit.ts';
export { AccessUnitReader } from './access-unit-reader.ts';
export { joinAnnexB, splitAnnexB, START_CODE } from './annexb.ts';
export {
  decodeH264Configuration,
  encodeH264Configuration,
  h264CodecString,
  MAX_PPS_BYTES,
  readH264ParameterSets,
} from './h264-configuration.ts';
export type { H264Configuration, H264ParameterSets } from './h264-configuration.ts';
export { addEmulationPrevention, removeEmulationPrevention } from './emulation-prevention.ts';
export { NalUnitType, nalUnitType } from './nal-unit.ts';
export { ParameterSetStore } from './parameter-set-store.ts';
export { readPpsIds, readSliceHead } from './pps.ts';
export type { PictureParameterSetIds, SliceHead } from './pps.ts';
export { decodeSps, MAX_FRAME_MACROBLOCKS, MAX_SIDE_MACROBLOCKS, MAX_SPS_BYTES, spsFrameRate } from './sps.ts';
export type { SequenceParameterSet } from './sps.ts';
export type { VideoUsability } from './vui.ts';
