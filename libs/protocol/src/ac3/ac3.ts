// ETSI TS 102 366 (ATSC A/52): AC-3, as far as a decoder has to know it before the first frame. Annex F.4: AC3SpecificBox.
import { BitReader, BitWriter, ProtocolError } from '../bytes/index.ts';

const PLACE = 'ac3/syncframe';
const SYNCWORD = 0x0b77;
/** Bits of syncinfo and of bsi up to `lfeon`, at most. */
const HEADER_BYTES = 8;
/** Section 4.4.1.3, table 4.1: fscod; 3 is reserved. */
export const AC3_SAMPLING_FREQUENCIES = [48_000, 44_100, 32_000] as const;
/** Table 4.13: kbit/s by the upper five bits of frmsizecod. */
const BIT_RATES = [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640] as const;
/** Table 4.3: full bandwidth channels by acmod. */
export const AC3_CHANNELS = [2, 1, 2, 3, 3, 4, 4, 5] as const;
/** Section 4.4.2.1: decoders take no later version for AC-3. 9 and 10 have lower rates, which no container here has a form for. */
const MAX_BSID = 8;
export const AC3_BLOCK_SAMPLES = 256;
export const AC3_SAMPLES = 6 * AC3_BLOCK_SAMPLES;

/** What is the same for all frames of a track: the fields of an AC3SpecificBox. */
export interface Ac3Configuration {
  readonly fscod: number;
  readonly bsid: number;
  readonly bsmod: number;
  readonly acmod: number;
  readonly lfeon: boolean;
  /** Index of the bit rate; frames may differ in it. */
  readonly bitRateCode: number;
  /** Hz. */
  readonly samplingFrequency: number;
  /** The low frequency channel counts. */
  readonly channels: number;
}

export interface Ac3Syncframe extends Ac3Configuration {
  /** The whole frame. */
  readonly frameBytes: number;
}

/**
 * Reads the head of a frame.
 * @throws ProtocolError when it does not begin with one
 */
export function decodeAc3Syncframe(bytes: Uint8Array): Ac3Syncframe {
  const reader = new BitReader(bytes.subarray(0, HEADER_BYTES), PLACE);
  if (reader.bits(16) !== SYNCWORD) throw new ProtocolError('ac3.syncword', PLACE, 'no syncword');
  reader.bits(16);
  const fscod = reader.bits(2);
  const frmsizecod = reader.bits(6);
  const bsid = reader.bits(5);
  if (bsid > MAX_BSID) throw new ProtocolError('ac3.bsid', PLACE, `bsid ${bsid}`);
  const bsmod = reader.bits(3);
  const acmod = reader.bits(3);
  // cmixlev, surmixlev, dsurmod.
  if ((acmod & 1) !== 0 && acmod !== 1) reader.bits(2);
  if ((acmod & 4) !== 0) reader.bits(2);
  if (acmod === 2) reader.bits(2);
  const lfeon = reader.flag();
  const bitRateCode = frmsizecod >> 1;
  const configuration = ac3Configuration({ fscod, bsid, bsmod, acmod, lfeon, bitRateCode });
  // The size of 1,536 samples, counted in units of 16 bits; at 44.1 kHz frames differ by one of them.
  const words =
    fscod === 1
      ? Math.floor((BIT_RATES[bitRateCode]! * AC3_SAMPLES * 1_000) / (44_100 * 16)) + (frmsizecod & 1)
      : (BIT_RATES[bitRateCode]! * AC3_SAMPLES * 1_000) / (configuration.samplingFrequency * 16);
  return { ...configuration, frameBytes: words * 2 };
}

function ac3Configuration(
  fields: Pick<Ac3Configuration, 'fscod' | 'bsid' | 'bsmod' | 'acmod' | 'lfeon' | 'bitRateCode'>,
): Ac3Configuration {
  const samplingFrequency = AC3_SAMPLING_FREQUENCIES[fields.fscod];
  if (samplingFrequency === undefined) throw new ProtocolError('ac3.fscod', PLACE, 'a reserved sampling frequency');
  if (fields.bitRateCode >= BIT_RATES.length) throw new ProtocolError('ac3.bit-rate', PLACE, `${fields.bitRateCode}`);
  return { ...fields, samplingFrequency, channels: AC3_CHANNELS[fields.acmod]! + (fields.lfeon ? 1 : 0) };
}

/** Reads the content of an AC3SpecificBox (annex F.4). */
export function decodeDac3(record: Uint8Array): Ac3Configuration {
  const reader = new BitReader(record, 'ac3/dac3');
  const [fscod, bsid, bsmod, acmod] = [reader.bits(2), reader.bits(5), reader.bits(3), reader.bits(3)];
  return ac3Configuration({ fscod, bsid, bsmod, acmod, lfeon: reader.flag(), bitRateCode: reader.bits(5) });
}

/** Writes the content of an AC3SpecificBox. */
export function encodeDac3({ fscod, bsid, bsmod, acmod, lfeon, bitRateCode }: Ac3Configuration): Buffer {
  const writer = new BitWriter();
  writer.bits(fscod, 2).bits(bsid, 5).bits(bsmod, 3).bits(acmod, 3).flag(lfeon).bits(bitRateCode, 5).bits(0, 5);
  return writer.toBuffer();
}

/** Annex F.2: the sample entry's name. */
export const AC3_CODEC_STRING = 'ac-3';
