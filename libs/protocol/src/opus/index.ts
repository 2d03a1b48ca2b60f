export {
  decodeOpusHead,
  encodeDops,
  encodeOpusHead,
  OPUS_CODEC_STRING,
  OPUS_SAMPLING_FREQUENCY,
  opusChannelConfigCode,
  opusConfigurationOf,
  opusPacketSamples,
  silentOpusPacket,
} from './opus.ts';
export type { OpusConfiguration } from './opus.ts';
