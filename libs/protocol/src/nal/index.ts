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
export type { NalLengthSize, NalSyntax } from './access-unit.ts';
export { AccessUnitReader } from './access-unit-reader.ts';
export { beginsWithStartCode, joinAnnexB, splitAnnexB, START_CODE } from './annexb.ts';
export { readColourDescription } from './colour-description.ts';
export type { ColourDescription } from './colour-description.ts';
export { addEmulationPrevention, removeEmulationPrevention } from './emulation-prevention.ts';
export { ParameterSetStore } from './parameter-set-store.ts';
export type { ParameterSetSyntax } from './parameter-set-store.ts';
export { flagsOfSei } from './sei.ts';
