export {
  decodeStreaminfo,
  encodeDfla,
  encodeFlacHeader,
  FLAC_CODEC_STRING,
  flacFrameSamples,
  STREAMINFO_BYTES,
  streaminfoOf,
  withoutStatistics,
} from './flac.ts';
export type { FlacConfiguration } from './flac.ts';
