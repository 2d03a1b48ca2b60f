import { hex } from '../testing/hex.ts';
import { decodeMp3FrameHeader, mp3FrameDuration90k } from './index.ts';

export const seeds: readonly Uint8Array[] = [hex('fffb9064'), hex('ffe318c0'), hex('fff38000')];

export function fuzz(data: Uint8Array): void {
  const header = decodeMp3FrameHeader(data);
  const duration = mp3FrameDuration90k(header);
  if (!(header.frameBytes >= 24 && header.frameBytes <= 1441 && duration > 0)) throw new Error('an impossible frame');
}
