// ISO/IEC 14496-15 section 8.3.3.1: HEVCDecoderConfigurationRecord, the body of a sequence start of Enhanced RTMP.
import { BitReader, ByteReader, ByteWriter, decodeOrUndefined, ProtocolError } from '../bytes/index.ts';
import { beginsWithStartCode, removeEmulationPrevention, splitAnnexB } from '../nal/index.ts';
import type { NalLengthSize, ParameterSetSyntax } from '../nal/index.ts';
import { H265_HEADER_BYTES, h265NalUnitType, H265NalUnitType } from './nal-unit.ts';
import { decodeH265Sps, MAX_H265_SET_BYTES } from './sps.ts';
import type { H265SequenceParameterSet } from './sps.ts';

const PLACE = 'h265/configuration';
const VERSION = 1;
/** Everything before numOfArrays. */
const FIXED_BYTES = 22;
const LENGTH_SIZE_AT = 21;
/** In the order in which decoders want them. */
const SET_TYPES: readonly number[] = [H265NalUnitType.vps, H265NalUnitType.sps, H265NalUnitType.pps];
/** Table 7-1 has 64 types. */
const MAX_ARRAYS = 64;
/** 16 VPS, 16 SPS and 64 PPS have ids (sections 7.4.3.1 to 7.4.3.3). */
const MAX_SETS = 96;

export interface H265ParameterSets {
  /** Bytes of the length before each NAL unit of the stream. */
  readonly nalLengthSize: NalLengthSize;
  /** Views of the record; any of the three may be missing. */
  readonly vps: readonly Buffer[];
  readonly sps: readonly Buffer[];
  readonly pps: readonly Buffer[];
}

export interface H265Configuration extends H265ParameterSets {
  /** The first sequence parameter set, decoded. */
  readonly sequence: H265SequenceParameterSet;
}

/**
 * Reads a configuration record as decoders do: for the length of length fields and for the parameter sets. Profile, level and
 * formats are those of the first sequence parameter set, whatever the record says.
 * @throws ProtocolError `h265.config.no-parameter-sets` when one of the three kinds is missing; `h265.sps.*` when the first SPS
 *   cannot be read
 */
export function decodeH265Configuration(record: Uint8Array): H265Configuration {
  const sets = readH265ParameterSets(record);
  const [first] = sets.sps;
  if (first === undefined || sets.vps.length === 0 || sets.pps.length === 0) {
    const counts = `${sets.vps.length} VPS, ${sets.sps.length} SPS, ${sets.pps.length} PPS`;
    throw new ProtocolError('h265.config.no-parameter-sets', PLACE, counts);
  }
  return { ...sets, sequence: decodeH265Sps(first) };
}

/** The same for a record that may lack parameter sets, or be empty: they may come in the stream. Never throws. */
export function readH265ParameterSets(record: Uint8Array): H265ParameterSets {
  const bytes = Buffer.from(record.buffer, record.byteOffset, record.byteLength);
  if (beginsWithStartCode(bytes)) return { nalLengthSize: 4, ...sort(splitAnnexB(bytes)) };
  const nalLengthSize = bytes.length <= LENGTH_SIZE_AT ? 4 : (((bytes[LENGTH_SIZE_AT]! & 3) + 1) as NalLengthSize);
  const found: Buffer[] = [];
  // What was read before a count or a length went wrong counts.
  if (bytes.length > FIXED_BYTES)
    decodeOrUndefined(readArrays, { reader: new ByteReader(bytes, PLACE, FIXED_BYTES), found });
  return { nalLengthSize, ...sort(found) };
}

function readArrays({ reader, found }: { readonly reader: ByteReader; readonly found: Buffer[] }): void {
  for (let arrays = Math.min(reader.u8(), MAX_ARRAYS); arrays > 0; arrays--) {
    reader.u8(); // array_completeness and NAL_unit_type, which the NAL units say too
    for (let units = reader.u16(); units > 0; units--) {
      const nalUnit = reader.take(reader.u16());
      if (kindOf(nalUnit) >= 0 && found.length < MAX_SETS) found.push(nalUnit);
    }
  }
}

function sort(nalUnits: readonly Buffer[]): Omit<H265ParameterSets, 'nalLengthSize'> {
  const [vps = [], sps = [], pps = []] = SET_TYPES.map((_, kind) => nalUnits.filter((unit) => kindOf(unit) === kind));
  return { vps, sps, pps };
}

/** Which of `SET_TYPES` a NAL unit is; -1 for none of them, and for one of a length that none can have. */
function kindOf(nalUnit: Uint8Array): number {
  const { length } = nalUnit;
  if (length <= H265_HEADER_BYTES || length > MAX_H265_SET_BYTES || nalUnit[0]! > 0x7f) return -1;
  return SET_TYPES.indexOf(h265NalUnitType(nalUnit[0]!));
}

/**
 * Writes a record.
 * @throws ProtocolError when the first SPS cannot be read: most of the record repeats it
 */
export function encodeH265Configuration({ nalLengthSize, vps, sps, pps }: H265ParameterSets): Buffer {
  const sequence = decodeH265Sps(sps[0] ?? new Uint8Array(0));
  const writer = new ByteWriter()
    .u8(VERSION)
    .u8((sequence.profileSpace << 6) | (sequence.tier << 5) | sequence.profileIdc)
    .u32(sequence.compatibilityFlags)
    .write(sequence.constraintFlags)
    .u8(sequence.levelIdc)
    .u16(0xf000) // min_spatial_segmentation_idc: not known
    .u8(0xfc) // parallelismType: not known
    .u8(0xfc | sequence.chromaFormatIdc)
    .u8(0xf8 | ((sequence.bitDepthLuma - 8) & 7))
    .u8(0xf8 | ((sequence.bitDepthChroma - 8) & 7))
    .u16(0) // avgFrameRate: not known
    .u8((sequence.maxSubLayers << 3) | (sequence.temporalIdNested ? 4 : 0) | (nalLengthSize - 1))
    .u8(SET_TYPES.length);
  for (const [kind, sets] of [vps, sps, pps].entries()) {
    writer.u8(SET_TYPES[kind]!).u16(sets.length);
    for (const set of sets) writer.u16(set.length).write(set);
  }
  return writer.toBuffer();
}

/** pps_pic_parameter_set_id, ue(v) up to 63: in the first two bytes behind the header. */
function readPpsId(pps: Uint8Array): number {
  const head = removeEmulationPrevention(pps.subarray(0, H265_HEADER_BYTES + 4), H265_HEADER_BYTES);
  return new BitReader(head, 'h265/pps').ue(63);
}

export const H265_PARAMETER_SETS: ParameterSetSyntax = {
  kinds: [
    // vps_video_parameter_set_id, u(4).
    { max: 16, readId: (vps) => vps[H265_HEADER_BYTES]! >> 4 },
    // Read whole: one that cannot be read would leave the stream without a record.
    { max: 16, readId: (sps) => decodeH265Sps(sps).spsId },
    { max: 64, readId: readPpsId },
  ],
  kindOf,
  encodeRecord: ([vps = [], sps = [], pps = []], nalLengthSize) =>
    encodeH265Configuration({ nalLengthSize, vps, sps, pps }),
};

/**
 * ISO/IEC 14496-15 annex E.3: `hvc1.`, then profile space and profile, compatibility flags with their bits in reverse order in
 * hexadecimal, tier and level, and the bytes of the constraint flags up to the last one that is not zero.
 */
export function h265CodecString({ sequence }: Pick<H265Configuration, 'sequence'>): string {
  const { profileSpace, profileIdc, compatibilityFlags, tier, levelIdc, constraintFlags } = sequence;
  let reversed = 0;
  for (let bit = 0; bit < 32; bit++) reversed = reversed * 2 + ((compatibilityFlags >>> bit) & 1);
  const bytes = [...constraintFlags];
  while (bytes.at(-1) === 0) bytes.pop();
  return [
    'hvc1',
    `${['', 'A', 'B', 'C'][profileSpace]!}${profileIdc}`,
    hexOf(reversed),
    `${tier === 0 ? 'L' : 'H'}${levelIdc}`,
    ...bytes.map(hexOf),
  ].join('.');
}

const hexOf = (value: number): string => value.toString(16).toUpperCase();
