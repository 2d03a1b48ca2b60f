import { hex } from '../testing/hex.ts';
import { decodeOpusHead, encodeDops, encodeOpusHead, opusChannelConfigCode, opusPacketSamples } from './index.ts';

export const seeds: readonly Uint8Array[] = [
  hex('4f70757348656164 01 02 3801 80bb0000 0000 00'),
  hex('4f70757348656164 01 06 3801 80bb0000 0000 01 04 02 000401020305'),
];

export function fuzz(data: Uint8Array): void {
  const samples = opusPacketSamples(data);
  if (samples !== undefined && !(samples >= 120 && samples <= 5760)) throw new Error('an impossible duration');
  const head = decodeOpusHead(data);
  const again = decodeOpusHead(encodeOpusHead(head));
  if (JSON.stringify(again) !== JSON.stringify(head)) throw new Error('a header that is not the one that was written');
  encodeDops(head);
  opusChannelConfigCode(head);
}
