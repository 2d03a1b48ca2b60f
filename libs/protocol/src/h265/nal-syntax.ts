// What an H.265 NAL unit tells without being decoded (ITU-T H.265 sections 7.3.1.2, 7.3.6.1 and annex D).
import { AccessUnitFlag, flagsOfSei } from '../nal/index.ts';
import type { NalSyntax } from '../nal/index.ts';
import { H265_HEADER_BYTES, h265LayerId, h265NalUnitType, H265NalUnitType as Type } from './nal-unit.ts';

export const H265_SYNTAX: NalSyntax = {
  flagsOf(payload, offset, size) {
    if (size < H265_HEADER_BYTES) return 0;
    const type = h265NalUnitType(payload[offset]!);
    switch (type) {
      case Type.vps:
        return AccessUnitFlag.vps;
      case Type.sps:
        return AccessUnitFlag.sps;
      case Type.pps:
        return AccessUnitFlag.pps;
      case Type.accessUnitDelimiter:
        return AccessUnitFlag.accessUnitDelimiter;
      case Type.prefixSei:
        return AccessUnitFlag.sei | flagsOfSei(payload, offset, size, H265_HEADER_BYTES);
      case Type.suffixSei:
        return AccessUnitFlag.sei;
      default:
        // Another layer is a second eye or a finer picture: its slices make no picture by themselves.
        return h265LayerId(payload[offset]!, payload[offset + 1]!) === 0 ? flagsOfSlice(type) : 0;
    }
  },
  /** first_slice_segment_in_pic_flag. */
  beginsPicture: (payload, offset, size) => size > H265_HEADER_BYTES && payload[offset + H265_HEADER_BYTES]! >= 0x80,
};

/** Where a slice header says whether it is intra coded depends on its parameter sets: outside of IRAP pictures it is not asked. */
function flagsOfSlice(type: number): number {
  if (type <= Type.lastOtherSlice) return AccessUnitFlag.slice | AccessUnitFlag.predicted;
  // A decoder that starts at a CRA or BLA picture leaves out the RASL pictures behind it, which refer to what came before, and decodes
  // all others (section 8.1.3): it serves as an IDR picture does.
  return type >= Type.firstIrapSlice && type <= Type.lastIrapSlice ? AccessUnitFlag.slice | AccessUnitFlag.idr : 0;
}
