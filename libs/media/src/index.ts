export { Inspected, PictureFlag } from './codec-rules.ts';
export type {
  AudioRules,
  CodecRules,
  Inspection,
  MediaCodec,
  PictureReader,
  SoundFault,
  SoundReader,
  TrackDescription,
  VideoRange,
  VideoRules,
} from './codec-rules.ts';
export { CODECS, rulesOf } from './codecs.ts';
export { flvCodecOf, flvScriptBody } from './flv-tags.ts';
export type { FlvCodec } from './flv-tags.ts';
export { mpegTsProgramOf, mpegTsTrackOf } from './mpegts-program.ts';
export type { MpegTsProgram } from './mpegts-program.ts';
export {
  codecStringOf,
  describeTrack,
  findTrack,
  NO_TRACKS,
  readColours,
  readTrack,
  silenceOf,
  trackWithoutRecord,
  withTrack,
} from './track.ts';
export type { Silence, Track, Tracks } from './track.ts';
