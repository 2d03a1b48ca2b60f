// ITU-T H.264 section 7.3.2.1.1: the sequence parameter set, as far as size, rate and level.
import { BitReader, decodeOrUndefined, ProtocolError } from '../bytes/index.ts';
import { removeEmulationPrevention } from '../nal/index.ts';
import { NalUnitType, nalUnitType } from './nal-unit.ts';
import type { VideoUsability } from './vui.ts';
import { decodeVui } from './vui.ts';

/** Table A-1: MaxFS of level 6.2, the largest frame of any level, in macroblocks. */
export const MAX_FRAME_MACROBLOCKS = 139_264;
/** Section A.3.1: no side is longer than sqrt(8 * MaxFS) macroblocks. */
export const MAX_SIDE_MACROBLOCKS = 1055;
/** Section 7.4.2.1.1: an SPS of more bytes than this is no SPS; real ones have 20 to 60. */
export const MAX_SPS_BYTES = 4096;

/** Profiles whose SPS tells chroma format, bit depth and scaling matrices. */
const HIGH_PROFILES = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135]);

export interface SequenceParameterSet {
  readonly spsId: number;
  readonly profileIdc: number;
  /** constraint_set flags and the reserved bits: the byte between profile and level. */
  readonly constraintFlags: number;
  readonly levelIdc: number;
  /** 0 monochrome, 1 4:2:0, 2 4:2:2, 3 4:4:4. */
  readonly chromaFormatIdc: number;
  readonly bitDepthLuma: number;
  readonly bitDepthChroma: number;
  readonly maxRefFrames: number;
  /** False when pictures may be interlaced. */
  readonly frameMbsOnly: boolean;
  /** Luma samples after cropping. */
  readonly width: number;
  readonly height: number;
  readonly vui: VideoUsability | undefined;
}

/**
 * Reads a sequence parameter set.
 * @param nalUnit with its header byte, without start code or length
 * @throws ProtocolError for anything the standard does not allow, among it pictures larger than any level
 */
export function decodeSps(nalUnit: Uint8Array): SequenceParameterSet {
  const type = nalUnit.length > 0 ? nalUnitType(nalUnit[0]!) : 0;
  if (type !== NalUnitType.sps) throw invalid('h264.nal-type', `NAL unit type ${type}`);
  if (nalUnit.length > MAX_SPS_BYTES) throw invalid('h264.sps.too-long', `${nalUnit.length} bytes`);
  const bits = new BitReader(removeEmulationPrevention(nalUnit), 'h264/sps');
  const profileIdc = bits.bits(8);
  const constraintFlags = bits.bits(8);
  const levelIdc = bits.bits(8);
  const spsId = bits.ue(31);
  const samples = readSampleFormat(bits, HIGH_PROFILES.has(profileIdc));
  bits.ue(12); // log2_max_frame_num_minus4
  skipPictureOrderCount(bits);
  const maxRefFrames = bits.ue(16);
  bits.skip(1); // gaps_in_frame_num_value_allowed_flag
  const { frameMbsOnly, width, height } = readSize(bits, samples);
  const vui = bits.flag() ? tryVui(bits) : undefined;
  const { chromaFormatIdc, bitDepthLuma, bitDepthChroma } = samples;
  return {
    spsId,
    profileIdc,
    constraintFlags,
    levelIdc,
    chromaFormatIdc,
    bitDepthLuma,
    bitDepthChroma,
    maxRefFrames,
    frameMbsOnly,
    width,
    height,
    vui,
  };
}

/** Decoders do without a VUI that makes no sense, and so do we: nothing in it is needed to carry a stream. */
const tryVui = (bits: BitReader): VideoUsability | undefined => decodeOrUndefined(decodeVui, bits);

/** Frames per second as the SPS announces it (annex E: a tick is a field), undefined when it does not. */
export function spsFrameRate(sps: SequenceParameterSet): number | undefined {
  const timing = sps.vui?.timing;
  return timing === undefined ? undefined : timing.timeScale / (2 * timing.unitsInTick);
}

interface SampleFormat {
  readonly chromaFormatIdc: number;
  readonly separatePlanes: boolean;
  readonly bitDepthLuma: number;
  readonly bitDepthChroma: number;
}

function readSampleFormat(bits: BitReader, high: boolean): SampleFormat {
  if (!high) return { chromaFormatIdc: 1, separatePlanes: false, bitDepthLuma: 8, bitDepthChroma: 8 };
  const chromaFormatIdc = bits.ue(3);
  const separatePlanes = chromaFormatIdc === 3 && bits.flag();
  const bitDepthLuma = 8 + bits.ue(6);
  const bitDepthChroma = 8 + bits.ue(6);
  bits.skip(1); // qpprime_y_zero_transform_bypass_flag
  if (bits.flag()) {
    const lists = chromaFormatIdc === 3 ? 12 : 8;
    for (let list = 0; list < lists; list++) if (bits.flag()) skipScalingList(bits, list < 6 ? 16 : 64);
  }
  return { chromaFormatIdc, separatePlanes, bitDepthLuma, bitDepthChroma };
}

/** Section 7.3.2.1.1.1: the list ends early when a scale becomes 0. */
function skipScalingList(bits: BitReader, size: number): void {
  let last = 8;
  for (let index = 0; index < size; index++) {
    const next = (last + bits.se(128) + 256) % 256;
    if (next === 0) return;
    last = next;
  }
}

function skipPictureOrderCount(bits: BitReader): void {
  const type = bits.ue(2);
  if (type === 0) bits.ue(12); // log2_max_pic_order_cnt_lsb_minus4
  if (type !== 1) return;
  bits.skip(1); // delta_pic_order_always_zero_flag
  bits.se();
  bits.se();
  const cycle = bits.ue(255); // num_ref_frames_in_pic_order_cnt_cycle
  for (let index = 0; index < cycle; index++) bits.se();
}

function readSize(bits: BitReader, samples: SampleFormat): { frameMbsOnly: boolean; width: number; height: number } {
  const widthInMbs = bits.ue() + 1;
  const heightInMapUnits = bits.ue() + 1;
  const frameMbsOnly = bits.flag();
  if (!frameMbsOnly) bits.skip(1); // mb_adaptive_frame_field_flag
  bits.skip(1); // direct_8x8_inference_flag
  const fields = frameMbsOnly ? 1 : 2;
  const heightInMbs = heightInMapUnits * fields;
  if (
    widthInMbs > MAX_SIDE_MACROBLOCKS ||
    heightInMbs > MAX_SIDE_MACROBLOCKS ||
    widthInMbs * heightInMbs > MAX_FRAME_MACROBLOCKS
  ) {
    throw invalid('h264.sps.size', `${widthInMbs} x ${heightInMbs} macroblocks`);
  }
  let width = widthInMbs * 16;
  let height = heightInMbs * 16;
  if (bits.flag()) {
    const subsampled = samples.separatePlanes ? 0 : samples.chromaFormatIdc;
    const unitX = subsampled === 1 || subsampled === 2 ? 2 : 1;
    const unitY = (subsampled === 1 ? 2 : 1) * fields;
    width -= (bits.ue() + bits.ue()) * unitX;
    height -= (bits.ue() + bits.ue()) * unitY;
  }
  if (width <= 0 || height <= 0) throw invalid('h264.sps.crop', `cropped to ${width} x ${height}`);
  return { frameMbsOnly, width, height };
}

const invalid = (code: string, detail: string): ProtocolError => new ProtocolError(code, 'h264/sps', detail);
