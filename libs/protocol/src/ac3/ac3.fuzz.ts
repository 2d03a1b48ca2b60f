import { hex } from '../testing/hex.ts';
import { decodeAc3Syncframe, decodeDac3, decodeDec3, decodeEac3AccessUnit, encodeDac3, encodeDec3 } from './index.ts';

const READERS: readonly ((bytes: Uint8Array) => unknown)[] = [
  (bytes) => {
    const frame = decodeAc3Syncframe(bytes);
    if (!(frame.frameBytes >= 128 && frame.frameBytes <= 3840)) throw new Error('an impossible frame');
    decodeDac3(encodeDac3(frame));
  },
  (bytes) => {
    const unit = decodeEac3AccessUnit(bytes);
    if (unit.bytes > bytes.length || unit.samples > 1536 || unit.samples < 256) throw new Error('an impossible unit');
    decodeDec3(encodeDec3(unit));
  },
  (bytes) => encodeDac3(decodeDac3(bytes)),
  (bytes) => encodeDec3(decodeDec3(bytes)),
];

/** Good inputs, one for each reader. */
export const seeds: readonly Uint8Array[] = [
  hex('00 0b77 0000 10 40 43e1'),
  Buffer.concat([hex('01 0b77 0009 3f 87 c000 2000'), Buffer.alloc(10)]),
  hex('02 101100'),
  hex('03 0600200f00'),
];

/** The first byte chooses the reader, the rest is its input. */
export function fuzz(data: Uint8Array): void {
  READERS[(data[0] ?? 0) % READERS.length]?.(data.subarray(1));
}
