// Media messages for tests, built by hand (FLV 10.1 annex E.4): small, valid, every frame different.
import { tagsOf } from '@millrace/ingest/testing';

export const CLIP = new URL('../../../../media/bbb-h264-aac.flv', import.meta.url).pathname;

const clip = tagsOf(CLIP);

/** A real AVCDecoderConfigurationRecord: High profile, 4-byte lengths. */
export const H264_CONFIG = Buffer.from(clip.find(({ type, body }) => type === 9 && body[1] === 0)!.body.subarray(5));
/** A real AudioSpecificConfig: AAC-LC. */
export const AAC_CONFIG = Buffer.from(clip.find(({ type, body }) => type === 8 && body[1] === 0)!.body.subarray(2));
/** Another one: 48 kHz, mono. */
export const OTHER_AAC_CONFIG = Buffer.from('1188', 'hex');

export const videoConfig = (record: Buffer = H264_CONFIG): Buffer =>
  Buffer.concat([Buffer.from('1700000000', 'hex'), record]);

export const audioConfig = (record: Buffer = AAC_CONFIG): Buffer => Buffer.concat([Buffer.from('af00', 'hex'), record]);

export function nal(header: number, ...content: number[]): Buffer {
  const body = Buffer.from([header, ...content]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  return Buffer.concat([length, body]);
}

/** An access unit with one slice. @param tag tells frames apart */
export const slice = (isIdr: boolean, tag: number): Buffer =>
  nal(isIdr ? 0x65 : 0x41, 0x88, tag >>> 24, tag >>> 16, tag >>> 8, tag);

/** A video message. @param frameType what the container claims: 1 keyframe, 2 inter */
export function videoMessage(accessUnit: Buffer, frameType = 2, compositionMs = 0): Buffer {
  const header = Buffer.from([(frameType << 4) | 7, 1, compositionMs >> 16, compositionMs >> 8, compositionMs]);
  return Buffer.concat([header, accessUnit]);
}

/** A delimiter alone: makes no frame, and says that the first picture, which came before it, is whole. */
export const delimiter = (): Buffer => videoMessage(nal(0x09, 0xf0));

export const keyframe = (tag: number, compositionMs = 0): Buffer => videoMessage(slice(true, tag), 1, compositionMs);
export const interframe = (tag: number, compositionMs = 0): Buffer => videoMessage(slice(false, tag), 2, compositionMs);

/** An AAC message. */
export const aacMessage = (tag: number): Buffer => Buffer.from([0xaf, 1, 0x21, tag >>> 16, tag >>> 8, tag]);

/** An MP3 frame: MPEG-1 layer III, 128 kbit/s, 44.1 kHz: 417 bytes, 1152 samples. */
export function mp3Frame(tag: number): Buffer {
  const frame = Buffer.alloc(417, tag);
  frame.set([0xff, 0xfb, 0x90, 0x00]);
  return frame;
}

export const mp3Message = (...frames: Buffer[]): Buffer => Buffer.concat([Buffer.from([0x2f]), ...frames]);
