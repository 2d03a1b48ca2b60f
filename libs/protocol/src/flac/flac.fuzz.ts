import { hex } from '../testing/hex.ts';
import { decodeStreaminfo, encodeFlacHeader, flacFrameSamples, streaminfoOf } from './index.ts';

const STREAMINFO = hex(`1200 1200 000000 000000 0bb800f000000000 ${'00'.repeat(16)}`);

export const seeds: readonly Uint8Array[] = [STREAMINFO, encodeFlacHeader(STREAMINFO)];

export function fuzz(data: Uint8Array): void {
  const samples = flacFrameSamples(data);
  if (samples !== undefined && !(samples >= 1 && samples <= 65_536)) throw new Error('an impossible frame');
  const { sampleRate, channels } = decodeStreaminfo(streaminfoOf(data));
  if (!(sampleRate > 0 && channels <= 8)) throw new Error('an impossible format');
}
