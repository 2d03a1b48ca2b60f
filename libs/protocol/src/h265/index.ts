export {
  decodeH265Configuration,
  encodeH265Configuration,
  H265_PARAMETER_SETS,
  h265CodecString,
  readH265ParameterSets,
} from './h265-configuration.ts';
export type { H265Configuration, H265ParameterSets } from './h265-configuration.ts';
export { h265NalUnitType, H265NalUnitType, isH265AccessUnitDelimiter } from './nal-unit.ts';
export { H265_SYNTAX } from './nal-syntax.ts';
export { decodeH265Sps } from './sps.ts';
export type { H265SequenceParameterSet, ProfileTierLevel } from './sps.ts';
