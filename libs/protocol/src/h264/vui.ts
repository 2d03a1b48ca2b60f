// ITU-T H.264 annex E.1.1: video usability information, as far as timing, aspect ratio, colours and reordering.
import type { BitReader } from '../bytes/index.ts';
import { readColourDescription } from '../nal/index.ts';
import type { ColourDescription } from '../nal/index.ts';

/** Section E.2.2: cpb_cnt_minus1 is 0 to 31. */
const MAX_CPB_COUNT = 31;
const EXTENDED_SAR = 255;

/** Table E-1: sample aspect ratios by aspect_ratio_idc. */
const SAMPLE_ASPECT_RATIOS: readonly (readonly [number, number])[] = [
  [0, 0],
  [1, 1],
  [12, 11],
  [10, 11],
  [16, 11],
  [40, 33],
  [24, 11],
  [20, 11],
  [32, 11],
  [80, 33],
  [18, 11],
  [15, 11],
  [64, 33],
  [160, 99],
  [4, 3],
  [3, 2],
  [2, 1],
];

export interface VideoUsability {
  /** Width and height of a sample; undefined when not told. */
  readonly sampleAspectRatio: readonly [number, number] | undefined;
  readonly colour: ColourDescription | undefined;
  readonly timing: { readonly unitsInTick: number; readonly timeScale: number; readonly fixed: boolean } | undefined;
  /** How many frames may follow a frame in decoding order and precede it in output order; undefined when not told. */
  readonly maxReorderFrames: number | undefined;
}

/** Reads vui_parameters(). */
export function decodeVui(bits: BitReader): VideoUsability {
  bits.place = 'h264/sps/vui';
  const sampleAspectRatio = readAspectRatio(bits);
  if (bits.flag()) bits.skip(1); // overscan_appropriate_flag
  const colour = readColourDescription(bits);
  if (bits.flag()) {
    bits.ue(5); // chroma_sample_loc_type_top_field
    bits.ue(5);
  }
  const timing = readTiming(bits);
  const nalHrd = bits.flag();
  if (nalHrd) skipHrd(bits);
  const vclHrd = bits.flag();
  if (vclHrd) skipHrd(bits);
  if (nalHrd || vclHrd) bits.skip(1); // low_delay_hrd_flag
  bits.skip(1); // pic_struct_present_flag
  return { sampleAspectRatio, colour, timing, maxReorderFrames: readReordering(bits) };
}

function readAspectRatio(bits: BitReader): readonly [number, number] | undefined {
  if (!bits.flag()) return undefined;
  const idc = bits.bits(8);
  const ratio = idc === EXTENDED_SAR ? ([bits.bits(16), bits.bits(16)] as const) : SAMPLE_ASPECT_RATIOS[idc];
  return ratio === undefined || ratio[0] === 0 || ratio[1] === 0 ? undefined : ratio;
}

function readTiming(bits: BitReader): VideoUsability['timing'] {
  if (!bits.flag()) return undefined;
  const unitsInTick = bits.bits(32);
  const timeScale = bits.bits(32);
  const fixed = bits.flag();
  // Section E.2.1: num_units_in_tick and time_scale "shall be greater than 0"; encoders that write 0 mean that they do not know.
  if (unitsInTick === 0 || timeScale === 0) return undefined;
  return { unitsInTick, timeScale, fixed };
}

/** hrd_parameters(), annex E.1.2: nothing in it is of use here. */
function skipHrd(bits: BitReader): void {
  const count = bits.ue(MAX_CPB_COUNT) + 1;
  bits.skip(8);
  for (let index = 0; index < count; index++) {
    bits.ue();
    bits.ue();
    bits.skip(1);
  }
  bits.skip(20);
}

function readReordering(bits: BitReader): number | undefined {
  if (!bits.flag()) return undefined;
  bits.skip(1); // motion_vectors_over_pic_boundaries_flag
  bits.ue(16); // max_bytes_per_pic_denom
  bits.ue(16); // max_bits_per_mb_denom
  bits.ue(16); // log2_max_mv_length_horizontal
  bits.ue(16); // log2_max_mv_length_vertical
  const reorder = bits.ue(16); // "in the range of 0 to max_dec_frame_buffering", which is at most 16
  bits.ue(16); // max_dec_frame_buffering
  return reorder;
}
