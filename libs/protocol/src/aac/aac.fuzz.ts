import { hex } from '../testing/hex.ts';
import {
  aacCodecString,
  adtsHeaderBytes,
  decodeAdtsHeader,
  decodeAudioSpecificConfig,
  encodeAdtsPrefix,
  encodeAudioSpecificConfig,
} from './index.ts';

export const seeds: readonly Uint8Array[] = [
  hex('01 1210'),
  hex('01 2b920800'),
  hex('01 eb8a0800'),
  hex('01 138856e5a54880'),
  hex('00 fff15080 01bffc 2110'),
];

/** The first bit chooses between configuration and ADTS. */
export function fuzz(data: Uint8Array): void {
  const rest = data.subarray(1);
  if (((data[0] ?? 0) & 1) === 0) {
    decodeAdtsHeader(rest);
    if (adtsHeaderBytes(rest) > rest.length) throw new Error('a header longer than its payload');
    return;
  }
  const config = decodeAudioSpecificConfig(rest);
  const again = decodeAudioSpecificConfig(encodeAudioSpecificConfig(config));
  if (JSON.stringify(again) !== JSON.stringify(config)) throw new Error('a configuration changed on its way');
  aacCodecString(config);
  encodeAdtsPrefix(config);
}
