import { hex } from '../testing/hex.ts';
import {
  decodeVp9Configuration,
  decodeVp9FrameHeader,
  encodeVp9Configuration,
  vp9CodecString,
  vp9ConfigurationOf,
} from './index.ts';

const READERS: readonly ((bytes: Uint8Array) => unknown)[] = [
  (bytes) => {
    const { profile, keyframe } = decodeVp9FrameHeader(bytes);
    if (keyframe === undefined) return;
    const record = encodeVp9Configuration(vp9ConfigurationOf(profile, keyframe, undefined));
    if (!encodeVp9Configuration(decodeVp9Configuration(record)).equals(record)) throw new Error('another record');
  },
  (bytes) => vp9CodecString(decodeVp9Configuration(bytes)),
];

/** Good inputs. */
export const seeds: readonly Uint8Array[] = [
  hex('00 8249834200 13f00b36'),
  hex('00 8600'),
  hex('01 000b820202020000'),
  hex('01 01000000000b820202020000'),
];

/** The first byte chooses the reader, the rest is its input. */
export function fuzz(data: Uint8Array): void {
  READERS[(data[0] ?? 0) % READERS.length]?.(data.subarray(1));
}
