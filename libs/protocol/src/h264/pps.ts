// ITU-T H.264 section 7.3.2.2 (picture parameter set) and 7.3.3 (slice header), as far as the ids that tie them together.
import { BitReader, ProtocolError } from '../bytes/index.ts';
import { removeEmulationPrevention } from '../nal/index.ts';
import { NalUnitType, nalUnitType } from './nal-unit.ts';

/** Section 7.4.2.2: pic_parameter_set_id is 0 to 255, seq_parameter_set_id 0 to 31. */
const MAX_PPS_ID = 255;
const MAX_SPS_ID = 31;
/** More than these bytes are not needed for the three Exp-Golomb codes at the head of a slice or PPS. */
const HEAD_BYTES = 24;

export interface PictureParameterSetIds {
  readonly ppsId: number;
  readonly spsId: number;
}

/**
 * The ids of a picture parameter set.
 * @throws ProtocolError when the NAL unit is not a PPS or is cut short
 */
export function readPpsIds(nalUnit: Uint8Array): PictureParameterSetIds {
  const bits = headOf(nalUnit, 'h264/pps', [NalUnitType.pps]);
  return { ppsId: bits.ue(MAX_PPS_ID), spsId: bits.ue(MAX_SPS_ID) };
}

export interface SliceHead {
  readonly firstMacroblock: number;
  /** slice_type modulo 5: 0 P, 1 B, 2 I, 3 SP, 4 SI. */
  readonly sliceType: number;
  readonly ppsId: number;
}

/**
 * The first fields of a slice header: enough to tell whether its parameter sets are known.
 * @throws ProtocolError when the NAL unit is not a slice or is cut short
 */
export function readSliceHead(nalUnit: Uint8Array): SliceHead {
  const bits = headOf(nalUnit, 'h264/slice', [NalUnitType.slice, NalUnitType.idrSlice, NalUnitType.dataPartitionA]);
  return { firstMacroblock: bits.ue(), sliceType: bits.ue(9) % 5, ppsId: bits.ue(MAX_PPS_ID) };
}

function headOf(nalUnit: Uint8Array, place: string, types: readonly number[]): BitReader {
  const type = nalUnit.length > 0 ? nalUnitType(nalUnit[0]!) : 0;
  if (!types.includes(type)) throw new ProtocolError('h264.nal-type', place, `NAL unit type ${type}`);
  return new BitReader(removeEmulationPrevention(nalUnit.subarray(0, HEAD_BYTES)), place);
}
