export {
  av1CodecString,
  decodeAv1Configuration,
  encodeAv1Configuration,
  MAX_AV1_CONFIGURATION_BYTES,
  sequenceHeaderOf,
} from './av1-configuration.ts';
export type { Av1Configuration } from './av1-configuration.ts';
export { MAX_OBUS, readTemporalUnit, splitObus } from './obu.ts';
export type { Obu, TemporalUnit } from './obu.ts';
export { decodeAv1SequenceHeader } from './sequence-header.ts';
export type { Av1SequenceHeader } from './sequence-header.ts';
