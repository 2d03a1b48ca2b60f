// ISO/IEC 14496-3 table 1.18: samplingFrequencyIndex.
import type { BitReader, BitWriter } from '../bytes/index.ts';
import { ProtocolError } from '../bytes/index.ts';

const FREQUENCIES: readonly number[] = [
  96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350,
];
/** The index that says: the frequency follows in 24 bits. */
const ESCAPE = 15;

/** The frequency in Hz of an index, undefined for the reserved 13 and 14 and the escape 15. */
export function samplingFrequencyOf(index: number): number | undefined {
  return FREQUENCIES[index];
}

/** The index of a frequency in Hz, undefined when the table has none. */
export function samplingFrequencyIndexOf(frequency: number): number | undefined {
  const index = FREQUENCIES.indexOf(frequency);
  return index < 0 ? undefined : index;
}

/** Reads an index and, behind the escape, the frequency itself. */
export function readSamplingFrequency(bits: BitReader): number {
  const index = bits.bits(4);
  const frequency = index === ESCAPE ? bits.bits(24) : samplingFrequencyOf(index);
  if (frequency === undefined || frequency === 0) {
    throw new ProtocolError('aac.sampling-frequency', bits.place, `index ${index}`);
  }
  return frequency;
}

/** Writes the index, or the escape and the frequency. */
export function writeSamplingFrequency(bits: BitWriter, frequency: number): void {
  const index = samplingFrequencyIndexOf(frequency);
  if (index !== undefined) bits.bits(index, 4);
  else bits.bits(ESCAPE, 4).bits(frequency, 24);
}
