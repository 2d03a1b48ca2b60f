import { decodeMp3FrameHeader, mp3FrameDuration90k } from './index.ts';

export function fuzz(data: Uint8Array): void {
  const header = decodeMp3FrameHeader(data);
  const duration = mp3FrameDuration90k(header);
  if (!(header.frameBytes >= 24 && header.frameBytes <= 1441 && duration > 0)) throw new Error('an impossible frame');
}
