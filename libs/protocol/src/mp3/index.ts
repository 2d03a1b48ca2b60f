export { decodeMp3FrameHeader, MP3_CODEC_STRING, MP3_HEADER_BYTES, mp3FrameDuration90k } from './frame-header.ts';
export type { Mp3FrameHeader } from './frame-header.ts';
