// AV1 Bitstream & Decoding Process Specification, section 5.5: sequence_header_obu up to the format of its colours.
import { BitReader, ProtocolError } from '../bytes/index.ts';
import { ObuType, splitObus } from './obu.ts';

const PLACE = 'av1/sequence-header';
const SELECT_SCREEN_CONTENT_TOOLS = 2;
/** Section 6.4.2: BT.709 primaries, sRGB, identity: always 4:4:4 with the full range. */
const SRGB = { primaries: 1, transfer: 13, matrix: 0 } as const;
const UNSPECIFIED = 2;

export interface Av1SequenceHeader {
  readonly profile: number;
  readonly level: number;
  readonly tier: number;
  readonly width: number;
  readonly height: number;
  /** Undefined where the header does not say, or frames differ. */
  readonly frameRate: number | undefined;
  readonly bitDepth: number;
  readonly monochrome: boolean;
  readonly subsamplingX: number;
  readonly subsamplingY: number;
  readonly chromaSamplePosition: number;
  /** ITU-T H.273; 2 where it is not said. */
  readonly colourPrimaries: number;
  readonly transferCharacteristics: number;
  readonly matrixCoefficients: number;
  readonly fullRange: boolean;
}

type Colours = Omit<Av1SequenceHeader, 'profile' | 'level' | 'tier' | 'width' | 'height' | 'frameRate'>;

/**
 * Reads a sequence header.
 * @param obu with its own header
 * @throws ProtocolError when it is none
 */
export function decodeAv1SequenceHeader(obu: Uint8Array): Av1SequenceHeader {
  const [first] = splitObus(obu);
  if (first?.type !== ObuType.sequenceHeader) throw new ProtocolError('av1.obu.type', PLACE, 'not a sequence header');
  const reader = new BitReader(obu.subarray(first.dataStart, first.end), PLACE);
  const profile = reader.bits(3);
  if (profile > 2) throw new ProtocolError('av1.profile', PLACE, `profile ${profile}`);
  reader.bits(1);
  const isReduced = reader.flag();
  const { level, tier, frameRate } = isReduced
    ? { level: reader.bits(5), tier: 0, frameRate: undefined }
    : operatingPoints(reader);
  const [widthBits, heightBits] = [reader.bits(4) + 1, reader.bits(4) + 1];
  const [width, height] = [reader.bits(widthBits) + 1, reader.bits(heightBits) + 1];
  // delta_frame_id_length_minus_2, additional_frame_id_length_minus_1.
  if (!isReduced && reader.flag()) reader.bits(4 + 3);
  // use_128x128_superblock, enable_filter_intra, enable_intra_edge_filter.
  reader.bits(3);
  if (!isReduced) tools(reader);
  // enable_superres, enable_cdef, enable_restoration.
  reader.bits(3);
  return { profile, level, tier, width, height, frameRate, ...colours(reader, profile) };
}

function operatingPoints(reader: BitReader): Pick<Av1SequenceHeader, 'level' | 'tier' | 'frameRate'> {
  let frameRate: number | undefined;
  let delayBits = 0;
  if (reader.flag()) {
    const [unitsInTick, timeScale] = [reader.bits(32), reader.bits(32)];
    // equal_picture_interval; num_ticks_per_picture_minus_1 is uvlc().
    if (reader.flag()) {
      const rate = timeScale / (unitsInTick * (reader.ue() + 1));
      frameRate = Number.isFinite(rate) && rate > 0 ? rate : undefined;
    }
    if (reader.flag()) {
      delayBits = reader.bits(5) + 1;
      reader.bits(32);
      reader.bits(5 + 5);
    }
  }
  const hasDisplayDelay = reader.flag();
  let first: { level: number; tier: number } | undefined;
  for (let points = reader.bits(5) + 1; points > 0; points--) {
    reader.bits(12);
    const level = reader.bits(5);
    const tier = level > 7 ? reader.bits(1) : 0;
    first ??= { level, tier };
    if (delayBits > 0 && reader.flag()) {
      reader.bits(delayBits);
      reader.bits(delayBits);
      reader.bits(1);
    }
    if (hasDisplayDelay && reader.flag()) reader.bits(4);
  }
  return { level: 0, tier: 0, ...first, frameRate };
}

/** What an encoder may use to predict pictures. */
function tools(reader: BitReader): void {
  // enable_interintra_compound, enable_masked_compound, enable_warped_motion, enable_dual_filter.
  reader.bits(4);
  const hasOrderHint = reader.flag();
  if (hasOrderHint) reader.bits(2);
  const screenContent = reader.flag() ? SELECT_SCREEN_CONTENT_TOOLS : reader.bits(1);
  // seq_choose_integer_mv, seq_force_integer_mv.
  if (screenContent > 0 && !reader.flag()) reader.bits(1);
  if (hasOrderHint) reader.bits(3);
}

/** Section 5.5.2: color_config. */
function colours(reader: BitReader, profile: number): Colours {
  const highBitDepth = reader.flag();
  const bitDepth = profile === 2 && highBitDepth ? (reader.flag() ? 12 : 10) : highBitDepth ? 10 : 8;
  const monochrome = profile !== 1 && reader.flag();
  const isDescribed = reader.flag();
  const [colourPrimaries, transferCharacteristics, matrixCoefficients] = isDescribed
    ? [reader.bits(8), reader.bits(8), reader.bits(8)]
    : [UNSPECIFIED, UNSPECIFIED, UNSPECIFIED];
  const known = { bitDepth, monochrome, colourPrimaries, transferCharacteristics, matrixCoefficients };
  if (monochrome) {
    return { ...known, fullRange: reader.flag(), subsamplingX: 1, subsamplingY: 1, chromaSamplePosition: 0 };
  }
  const isSrgb =
    colourPrimaries === SRGB.primaries &&
    transferCharacteristics === SRGB.transfer &&
    matrixCoefficients === SRGB.matrix;
  if (isSrgb) return { ...known, fullRange: true, subsamplingX: 0, subsamplingY: 0, chromaSamplePosition: 0 };
  const fullRange = reader.flag();
  let [subsamplingX, subsamplingY] = profile === 0 ? [1, 1] : [profile === 1 ? 0 : 1, 0];
  if (profile === 2 && bitDepth === 12) {
    subsamplingX = reader.bits(1);
    subsamplingY = subsamplingX === 1 ? reader.bits(1) : 0;
  }
  const chromaSamplePosition = subsamplingX === 1 && subsamplingY === 1 ? reader.bits(2) : 0;
  return { ...known, fullRange, subsamplingX, subsamplingY, chromaSamplePosition };
}
