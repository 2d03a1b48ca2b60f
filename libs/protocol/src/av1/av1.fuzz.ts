import { hex } from '../testing/hex.ts';
import {
  av1CodecString,
  decodeAv1Configuration,
  decodeAv1SequenceHeader,
  encodeAv1Configuration,
  readTemporalUnit,
  sequenceHeaderOf,
} from './index.ts';

const READERS: readonly ((bytes: Uint8Array) => unknown)[] = [
  (bytes) => {
    const unit = readTemporalUnit(bytes, true);
    if (unit.delimiterBytes > bytes.length) throw new Error('delimiters beyond the end');
  },
  (bytes) => decodeAv1Configuration(encodeAv1Configuration(bytes)),
  (bytes) => {
    av1CodecString(decodeAv1Configuration(bytes));
    sequenceHeaderOf(bytes);
  },
  (bytes) => {
    const { width, height } = decodeAv1SequenceHeader(Buffer.concat([hex('08'), bytes]));
    if (!(width >= 1 && width <= 65_536 && height >= 1 && height <= 65_536)) throw new Error('an impossible size');
  },
];

/** Good inputs, one for each reader. */
export const seeds: readonly Uint8Array[] = [
  hex('00 1200 0a0b00000024cf7f0dbfff3008 32021000'),
  hex('01 0a0b00000024cf7f0dbfff3008'),
  hex('02 81040c00 0a0b00000024cf7f0dbfff3008'),
  hex('03 00000024cf7f0dbfff3008'),
];

/** The first byte chooses the reader, the rest is its input. */
export function fuzz(data: Uint8Array): void {
  READERS[(data[0] ?? 0) % READERS.length]?.(data.subarray(1));
}
