// ITU-T H.264 and H.265 annex E: what the video usability information says of colours, the same in both.
import type { BitReader } from '../bytes/index.ts';

/** How numbers become colours: code points of ITU-T H.273, of which 2 says nothing. */
export interface ColourDescription {
  readonly colourPrimaries: number;
  readonly transferCharacteristics: number;
  readonly matrixCoefficients: number;
  /** Whether samples use all values, rather than those of a studio signal. */
  readonly fullRange: boolean;
}

/** Reads video_signal_type_present_flag and what it announces. @returns undefined when colours are not described */
export function readColourDescription(bits: BitReader): ColourDescription | undefined {
  if (!bits.flag()) return undefined;
  // video_format (ITU-T H.264 section E.2.1) is of no use to players.
  bits.skip(3);
  const fullRange = bits.flag();
  if (!bits.flag()) return undefined;
  const [colourPrimaries, transferCharacteristics] = [bits.bits(8), bits.bits(8)];
  return { colourPrimaries, transferCharacteristics, matrixCoefficients: bits.bits(8), fullRange };
}
