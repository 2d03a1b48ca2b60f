// ITU-T H.265 section 7.3.2.2: the sequence parameter set, as far as profile, size and rate.
import { BitReader, decodeOrUndefined, ProtocolError } from '../bytes/index.ts';
import { readColourDescription, removeEmulationPrevention } from '../nal/index.ts';
import type { ColourDescription } from '../nal/index.ts';
import { H265_HEADER_BYTES, h265NalUnitType, H265NalUnitType } from './nal-unit.ts';

/** Section A.4.1: no side is longer than sqrt(8 * MaxLumaPs) of level 6.2. */
const MAX_SIDE = 16_888;
/** A real one has 40 to 100 bytes; scaling lists and reference picture sets can make it a few thousand. */
export const MAX_H265_SET_BYTES = 8192;
const MAX_SHORT_TERM_SETS = 64;
/** Section 7.4.8: NumDeltaPocs is at most sps_max_dec_pic_buffering_minus1, which is at most 15. */
const MAX_DELTA_POCS = 16;
const EXTENDED_SAR = 255;

/** profile_tier_level() as the general fields have it (section 7.3.3). */
export interface ProfileTierLevel {
  readonly profileSpace: number;
  /** 0: Main tier; 1: High tier. */
  readonly tier: number;
  readonly profileIdc: number;
  /** 32 bits, the flag of profile 0 first. */
  readonly compatibilityFlags: number;
  /** The 48 bits between the compatibility flags and the level. */
  readonly constraintFlags: Buffer;
  /** 30 times the number of the level. */
  readonly levelIdc: number;
}

export interface H265SequenceParameterSet extends ProfileTierLevel {
  readonly spsId: number;
  readonly maxSubLayers: number;
  readonly temporalIdNested: boolean;
  /** 0 monochrome, 1 4:2:0, 2 4:2:2, 3 4:4:4. */
  readonly chromaFormatIdc: number;
  readonly bitDepthLuma: number;
  readonly bitDepthChroma: number;
  /** Luma samples inside the conformance window. */
  readonly width: number;
  readonly height: number;
  /** Pictures per second as the VUI announces it; undefined when it does not. */
  readonly frameRate: number | undefined;
  /** Undefined when the VUI does not say. */
  readonly colour: ColourDescription | undefined;
  /** How many pictures may precede a picture in decoding order and follow it in output order (section 7.4.3.2.1). */
  readonly maxReorderPictures: number | undefined;
}

/**
 * Reads a sequence parameter set.
 * @param nalUnit with its header, without start code or length
 * @throws ProtocolError for anything the standard does not allow, among it pictures larger than any level
 */
export function decodeH265Sps(nalUnit: Uint8Array): H265SequenceParameterSet {
  const bits = open(nalUnit);
  const head = readHead(bits);
  const chromaFormatIdc = bits.ue(3);
  const separatePlanes = chromaFormatIdc === 3 && bits.flag();
  const size = readSize(bits, separatePlanes ? 0 : chromaFormatIdc);
  const bitDepthLuma = 8 + bits.ue(8);
  const bitDepthChroma = 8 + bits.ue(8);
  // Decoders do without a VUI that makes no sense, and without the way to it.
  const order = decodeOrUndefined((rest) => readOrder(rest, head.maxSubLayers), bits);
  const vui = (order && decodeOrUndefined((rest) => readToVui(rest, order.countBits), bits)) ?? NO_VUI;
  const maxReorderPictures = order?.maxReorderPictures;
  return { ...head, chromaFormatIdc, bitDepthLuma, bitDepthChroma, ...size, ...vui, maxReorderPictures };
}

function open(nalUnit: Uint8Array): BitReader {
  const type = nalUnit.length > 0 ? h265NalUnitType(nalUnit[0]!) : 0;
  if (type !== H265NalUnitType.sps) throw invalid('h265.nal-type', `NAL unit type ${type}`);
  if (nalUnit.length > MAX_H265_SET_BYTES) throw invalid('h265.sps.too-long', `${nalUnit.length} bytes`);
  return new BitReader(removeEmulationPrevention(nalUnit, H265_HEADER_BYTES), 'h265/sps');
}

type Head = ProfileTierLevel & Pick<H265SequenceParameterSet, 'spsId' | 'maxSubLayers' | 'temporalIdNested'>;

function readHead(bits: BitReader): Head {
  bits.skip(4); // sps_video_parameter_set_id
  const maxSubLayers = bits.bits(3) + 1;
  const temporalIdNested = bits.flag();
  const profile = readProfileTierLevel(bits, maxSubLayers - 1);
  return { ...profile, spsId: bits.ue(15), maxSubLayers, temporalIdNested };
}

/** profile_tier_level( 1, maxNumSubLayersMinus1 ), section 7.3.3. */
function readProfileTierLevel(bits: BitReader, subLayers: number): ProfileTierLevel {
  const profileSpace = bits.bits(2);
  const tier = bits.bits(1);
  const profileIdc = bits.bits(5);
  const compatibilityFlags = bits.bits(32);
  const constraintFlags = Buffer.alloc(6);
  constraintFlags.writeUInt32BE(bits.bits(32), 0);
  constraintFlags.writeUInt16BE(bits.bits(16), 4);
  const levelIdc = bits.bits(8);
  let subLayerBits = 0;
  for (let layer = 0; layer < subLayers; layer++) {
    if (bits.flag()) subLayerBits += 88; // sub_layer_profile_present_flag
    if (bits.flag()) subLayerBits += 8; // sub_layer_level_present_flag
  }
  if (subLayers > 0) bits.skip(2 * (8 - subLayers) + subLayerBits);
  return { profileSpace, tier, profileIdc, compatibilityFlags, constraintFlags, levelIdc };
}

function readSize(bits: BitReader, chromaFormat: number): { width: number; height: number } {
  const codedWidth = bits.ue();
  const codedHeight = bits.ue();
  if (codedWidth > MAX_SIDE || codedHeight > MAX_SIDE) throw invalid('h265.sps.size', `${codedWidth} x ${codedHeight}`);
  let width = codedWidth;
  let height = codedHeight;
  if (bits.flag()) {
    const unitX = chromaFormat === 1 || chromaFormat === 2 ? 2 : 1;
    const unitY = chromaFormat === 1 ? 2 : 1;
    width -= (bits.ue() + bits.ue()) * unitX;
    height -= (bits.ue() + bits.ue()) * unitY;
  }
  if (width <= 0 || height <= 0) throw invalid('h265.sps.crop', `cropped to ${width} x ${height}`);
  return { width, height };
}

/** log2_max_pic_order_cnt_lsb_minus4, and the ordering of the highest sub-layer. */
function readOrder(bits: BitReader, maxSubLayers: number): { countBits: number; maxReorderPictures: number } {
  const countBits = bits.ue(12) + 4;
  const orderedLayers = bits.flag() ? maxSubLayers : 1; // sps_sub_layer_ordering_info_present_flag
  let maxReorderPictures = 0;
  for (let layer = 0; layer < orderedLayers; layer++) {
    bits.ue(); // sps_max_dec_pic_buffering_minus1
    maxReorderPictures = bits.ue();
    bits.ue(); // sps_max_latency_increase_plus1
  }
  return { countBits, maxReorderPictures };
}

/** From log2_min_luma_coding_block_size_minus3 on, as far as the timing of the VUI. */
function readToVui(bits: BitReader, orderCountBits: number): Vui {
  for (let field = 0; field < 6; field++) bits.ue(); // sizes of coding and transform blocks, depths
  if (bits.flag() && bits.flag()) skipScalingLists(bits);
  bits.skip(2); // amp_enabled_flag, sample_adaptive_offset_enabled_flag
  if (bits.flag()) {
    bits.skip(8); // pcm_sample_bit_depth
    bits.ue();
    bits.ue();
    bits.skip(1);
  }
  skipShortTermSets(bits);
  // long_term_ref_pics_present_flag
  if (bits.flag()) for (let count = bits.ue(32); count > 0; count--) bits.skip(orderCountBits + 1);
  bits.skip(2); // sps_temporal_mvp_enabled_flag, strong_intra_smoothing_enabled_flag
  return bits.flag() ? readVui(bits) : NO_VUI;
}

/** scaling_list_data(), section 7.3.4. */
function skipScalingLists(bits: BitReader): void {
  for (let size = 0; size < 4; size++) {
    for (let matrix = 0; matrix < 6; matrix += size === 3 ? 3 : 1) {
      if (!bits.flag()) {
        bits.ue(); // scaling_list_pred_matrix_id_delta
        continue;
      }
      if (size > 1) bits.se(); // scaling_list_dc_coef_minus8
      const coefficients = Math.min(64, 1 << (4 + (size << 1)));
      for (let index = 0; index < coefficients; index++) bits.se();
    }
  }
}

/** st_ref_pic_set() of each set, section 7.3.7. */
function skipShortTermSets(bits: BitReader): void {
  const count = bits.ue(MAX_SHORT_TERM_SETS);
  let deltaPocs = 0;
  for (let set = 0; set < count; set++) {
    if (set > 0 && bits.flag()) {
      bits.skip(1); // delta_rps_sign
      bits.ue(); // abs_delta_rps_minus1
      let kept = 0;
      for (let index = 0; index <= deltaPocs; index++) {
        const isUsed = bits.flag();
        // use_delta_flag is 1 where it is not written.
        if (isUsed || bits.flag()) kept++;
      }
      deltaPocs = kept;
    } else {
      const negative = bits.ue(MAX_DELTA_POCS);
      const positive = bits.ue(MAX_DELTA_POCS - negative);
      deltaPocs = negative + positive;
      for (let index = 0; index < deltaPocs; index++) {
        bits.ue();
        bits.skip(1);
      }
    }
  }
}

type Vui = Pick<H265SequenceParameterSet, 'frameRate' | 'colour'>;
const NO_VUI: Vui = { frameRate: undefined, colour: undefined };

/** vui_parameters(), annex E.2.1, up to vui_time_scale. */
function readVui(bits: BitReader): Vui {
  if (bits.flag() && bits.bits(8) === EXTENDED_SAR) bits.skip(32);
  if (bits.flag()) bits.skip(1); // overscan_appropriate_flag
  const colour = readColourDescription(bits);
  if (bits.flag()) {
    bits.ue(5); // chroma_sample_loc_type_top_field
    bits.ue(5);
  }
  bits.skip(3); // neutral_chroma_indication_flag, field_seq_flag, frame_field_info_present_flag
  if (bits.flag()) for (let side = 0; side < 4; side++) bits.ue(); // default display window
  if (!bits.flag()) return { frameRate: undefined, colour };
  const unitsInTick = bits.bits(32);
  const timeScale = bits.bits(32);
  const frameRate = unitsInTick === 0 || timeScale === 0 ? undefined : timeScale / unitsInTick;
  return { frameRate, colour };
}

const invalid = (code: string, detail: string): ProtocolError => new ProtocolError(code, 'h265/sps', detail);
