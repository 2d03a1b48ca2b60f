export {
  decodeVp9Configuration,
  decodeVp9FrameHeader,
  encodeVp9Configuration,
  encodeVp9Record,
  vp9CodecString,
  vp9ConfigurationOf,
} from './vp9.ts';
export type { Vp9Configuration, Vp9Format, Vp9FrameHeader } from './vp9.ts';
