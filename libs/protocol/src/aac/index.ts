export {
  ADTS_HEADER_BYTES,
  adtsFrameBytes,
  adtsHeaderBytes,
  adtsHeaderSize,
  configOfAdts,
  decodeAdtsHeader,
  encodeAdtsPrefix,
  isAdts,
  MAX_AAC_ACCESS_UNIT_BYTES,
  MAX_ADTS_FRAME_BYTES,
  patchAdtsFrameBytes,
} from './adts.ts';
export type { AdtsHeader } from './adts.ts';
export {
  aacCodecString,
  aacFrameDuration90k,
  AudioObjectType,
  decodeAudioSpecificConfig,
  encodeAudioSpecificConfig,
  MAX_AUDIO_SPECIFIC_CONFIG_BYTES,
} from './audio-specific-config.ts';
export type { AudioSpecificConfig } from './audio-specific-config.ts';
export type { ChannelElement, ProgramConfig } from './program-config.ts';
export { silentAccessUnit } from './silence.ts';
export { samplingFrequencyIndexOf, samplingFrequencyOf } from './sampling-frequency.ts';
