import {
  aacCodecString,
  adtsHeaderBytes,
  decodeAdtsHeader,
  decodeAudioSpecificConfig,
  encodeAdtsPrefix,
  encodeAudioSpecificConfig,
} from './index.ts';

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
