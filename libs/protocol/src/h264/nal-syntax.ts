// What an H.264 NAL unit tells without being decoded (ITU-T H.264 sections 7.3.1, 7.3.3 and annex D).
import { AccessUnitFlag, flagsOfSei } from '../nal/index.ts';
import type { NalSyntax } from '../nal/index.ts';
import { NalUnitType } from './nal-unit.ts';

/** nal_unit_header() of H.264, without its extensions. */
const HEADER_BYTES = 1;

export const H264_SYNTAX: NalSyntax = {
  flagsOf(payload, offset, size) {
    switch (payload[offset]! & 0x1f) {
      case NalUnitType.slice:
      case NalUnitType.dataPartitionA:
        return AccessUnitFlag.slice | (isIntraSlice(payload, offset, size) ? 0 : AccessUnitFlag.predicted);
      case NalUnitType.idrSlice:
        return AccessUnitFlag.slice | AccessUnitFlag.idr;
      case NalUnitType.sei:
        return AccessUnitFlag.sei | flagsOfSei(payload, offset, size, HEADER_BYTES);
      case NalUnitType.sps:
        return AccessUnitFlag.sps;
      case NalUnitType.pps:
        return AccessUnitFlag.pps;
      case NalUnitType.accessUnitDelimiter:
        return AccessUnitFlag.accessUnitDelimiter;
      default:
        return 0;
    }
  },
  /** first_mb_in_slice, ue(v), is 0: its first bit is 1 (section 7.3.3). */
  beginsPicture: (payload, offset, size) => size > 1 && payload[offset + 1]! >= 0x80,
};

/** slice_type values of I and SI (table 7-6), of this slice alone and of the whole picture. */
const INTRA_SLICE_TYPES = [2, 4, 7, 9];

/** Where `readUe` reads next, in bits. */
let bitAt = 0;

/** slice_header begins with first_mb_in_slice and slice_type (section 7.3.3); nothing in them needs emulation prevention. */
function isIntraSlice(payload: Uint8Array, offset: number, size: number): boolean {
  bitAt = (offset + 1) * 8;
  const end = (offset + size) * 8;
  return readUe(payload, end) >= 0 && INTRA_SLICE_TYPES.includes(readUe(payload, end));
}

/** ue(v) of at most 20 bits behind the leading zeros. @returns -1 when there is none */
function readUe(payload: Uint8Array, end: number): number {
  let zeros = 0;
  for (; bitAt < end && (payload[bitAt >> 3]! & (0x80 >> (bitAt & 7))) === 0; bitAt++) zeros++;
  if (zeros > 20 || bitAt + zeros >= end) return -1;
  let value = 0;
  for (let left = zeros + 1; left > 0; left--, bitAt++)
    value = value * 2 + ((payload[bitAt >> 3]! >> (7 - (bitAt & 7))) & 1);
  return value - 1;
}
