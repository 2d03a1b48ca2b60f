// ISO/IEC 14496-15 section 5.3.3.1: AVCDecoderConfigurationRecord, the body of an FLV AVC sequence header.
import { ByteReader, ByteWriter, decodeOrUndefined, ProtocolError } from '../bytes/index.ts';
import type { NalLengthSize } from '../nal/index.ts';
import { beginsWithStartCode, splitAnnexB } from '../nal/index.ts';
import { NalUnitType, nalUnitType } from './nal-unit.ts';
import { MAX_SPS_BYTES } from './sps.ts';

const PLACE = 'h264/configuration';
const VERSION = 1;
/** A PPS with all scaling matrices has some 500 bytes. */
export const MAX_PPS_BYTES = 4096;
/** NAL unit header, profile, constraint flags, level. */
const LEAST_SPS_BYTES = 4;
const LEAST_PPS_BYTES = 2;
/** More than 32 SPS (section 7.4.2.1.1) and 256 PPS (7.4.2.2) have no ids. */
const MAX_PARAMETER_SETS = 288;
/** Version, profile, compatibility and level come before it. */
const LENGTH_SIZE_AT = 4;

/** Profiles whose record ends after the picture parameter sets: Baseline, Main, Extended. */
const SHORT_PROFILES = new Set([66, 77, 88]);

export interface H264Configuration {
  readonly profileIndication: number;
  readonly profileCompatibility: number;
  readonly levelIndication: number;
  /** Bytes of the length before each NAL unit of the stream. */
  readonly nalLengthSize: NalLengthSize;
  /** Sequence parameter sets, at least one; views of the record. */
  readonly sps: readonly Buffer[];
  /** Picture parameter sets, at least one; views of the record. */
  readonly pps: readonly Buffer[];
  /** What High profiles and above add; undefined where the encoder left it out, as many do. */
  readonly extension:
    | {
        readonly chromaFormat: number;
        readonly bitDepthLuma: number;
        readonly bitDepthChroma: number;
        readonly spsExtension: readonly Buffer[];
      }
    | undefined;
}

/**
 * Reads a configuration record as decoders do: for the length of length fields and for the parameter sets. Its version, profile
 * and level, what follows the parameter sets, and wrong counts of them cost nothing; Annex B in its place is read too.
 * Profile and level are those of the parameter sets. The parameter sets are views of `record`.
 * @throws ProtocolError `h264.config.no-parameter-sets` when it does not hold both kinds
 */
export function decodeH264Configuration(record: Uint8Array): H264Configuration {
  const { nalLengthSize, sps, pps, extension } = readH264ParameterSets(record);
  const [first] = sps;
  if (first === undefined || pps.length === 0) {
    throw new ProtocolError('h264.config.no-parameter-sets', PLACE, `${sps.length} SPS, ${pps.length} PPS`);
  }
  return {
    profileIndication: first[1]!,
    profileCompatibility: first[2]!,
    // Section 5.3.3.1.2: the level is the highest one of the stream.
    levelIndication: Math.max(...sps.map((set) => set[3]!)),
    nalLengthSize,
    sps,
    pps,
    extension,
  };
}

export type H264ParameterSets = Pick<H264Configuration, 'nalLengthSize' | 'sps' | 'pps' | 'extension'>;

/** The same for a record that may lack parameter sets, or be empty: they may come in the stream. Never throws. */
export function readH264ParameterSets(record: Uint8Array): H264ParameterSets {
  const bytes = Buffer.from(record.buffer, record.byteOffset, record.byteLength);
  const nalUnits = beginsWithStartCode(bytes) ? splitAnnexB(bytes) : undefined;
  if (nalUnits !== undefined) return { nalLengthSize: 4, ...sortSets(nalUnits), extension: undefined };
  const nalLengthSize = bytes.length < LENGTH_SIZE_AT + 1 ? 4 : (((bytes[LENGTH_SIZE_AT]! & 3) + 1) as NalLengthSize);
  return { nalLengthSize, ...(readLists(bytes) ?? { ...sortSets(findSets(bytes)), extension: undefined }) };
}

/** The record as the standard has it; undefined when it is not like that. What follows the lists may be anything. */
function readLists(record: Buffer): Omit<H264ParameterSets, 'nalLengthSize'> | undefined {
  if (record.length <= LENGTH_SIZE_AT) return undefined;
  return decodeOrUndefined(
    (reader) => {
      const sps = readParameterSets(reader, reader.u8() & 0x1f, NalUnitType.sps);
      const pps = readParameterSets(reader, reader.u8(), NalUnitType.pps);
      if (sps.length === 0 || pps.length === 0) return undefined;
      return { sps, pps, extension: readExtension(reader, sps[0]![1]!) };
    },
    new ByteReader(record, PLACE, LENGTH_SIZE_AT + 1),
  );
}

function readParameterSets(reader: ByteReader, count: number, type: number): Buffer[] {
  const sets: Buffer[] = [];
  for (let index = 0; index < count; index++) {
    const nalUnit = reader.take(reader.u16());
    if (nalUnit.length === 0 || nalUnitType(nalUnit[0]!) !== type) {
      throw new ProtocolError('h264.config.parameter-set-type', PLACE, `not a NAL unit of type ${type}`);
    }
    if (isParameterSet(nalUnit)) sets.push(nalUnit);
  }
  return sets;
}

/** Where a count is wrong: whatever looks like a parameter set behind its length. */
function findSets(record: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let at = LENGTH_SIZE_AT + 2; at + 2 < record.length && found.length < MAX_PARAMETER_SETS;) {
    const size = record.readUInt16BE(at);
    const nalUnit = record.subarray(at + 2, at + 2 + size);
    if (nalUnit.length === size && isParameterSet(nalUnit)) {
      found.push(nalUnit);
      at += 2 + size;
    } else {
      at += 1;
    }
  }
  return found;
}

function sortSets(nalUnits: readonly Buffer[]): { sps: Buffer[]; pps: Buffer[] } {
  const sets = nalUnits.filter(isParameterSet);
  const ofType = (type: number): Buffer[] => sets.filter((nalUnit) => nalUnitType(nalUnit[0]!) === type);
  return { sps: ofType(NalUnitType.sps), pps: ofType(NalUnitType.pps) };
}

/** Whether a NAL unit is an SPS or PPS of a length that one can have; what is in it is for decoders to judge. */
export function isParameterSet(nalUnit: Uint8Array): boolean {
  const { length } = nalUnit;
  if (length === 0 || nalUnit[0]! > 0x7f) return false;
  const type = nalUnitType(nalUnit[0]!);
  if (type === NalUnitType.sps) return length >= LEAST_SPS_BYTES && length <= MAX_SPS_BYTES;
  return type === NalUnitType.pps && length >= LEAST_PPS_BYTES && length <= MAX_PPS_BYTES;
}

/** What High profiles and above add; many encoders leave it out, and its contents are in the SPS too. */
function readExtension(reader: ByteReader, profile: number): H264Configuration['extension'] {
  if (SHORT_PROFILES.has(profile)) return undefined;
  return decodeOrUndefined(() => {
    const chromaFormat = reader.u8() & 3;
    const bitDepthLuma = 8 + (reader.u8() & 7);
    const bitDepthChroma = 8 + (reader.u8() & 7);
    const spsExtension: Buffer[] = [];
    for (let count = reader.u8(); count > 0; count--) spsExtension.push(reader.take(reader.u16()));
    return { chromaFormat, bitDepthLuma, bitDepthChroma, spsExtension };
  }, reader);
}

/** Writes a configuration record. */
export function encodeH264Configuration(config: H264Configuration): Buffer {
  const writer = new ByteWriter()
    .u8(VERSION)
    .u8(config.profileIndication)
    .u8(config.profileCompatibility)
    .u8(config.levelIndication)
    .u8(0xfc | (config.nalLengthSize - 1))
    .u8(0xe0 | config.sps.length);
  writeSets(writer, config.sps);
  writer.u8(config.pps.length);
  writeSets(writer, config.pps);
  if (config.extension !== undefined) {
    const { chromaFormat, bitDepthLuma, bitDepthChroma, spsExtension } = config.extension;
    writer
      .u8(0xfc | chromaFormat)
      .u8(0xf8 | (bitDepthLuma - 8))
      .u8(0xf8 | (bitDepthChroma - 8))
      .u8(spsExtension.length);
    writeSets(writer, spsExtension);
  }
  return writer.toBuffer();
}

function writeSets(writer: ByteWriter, sets: readonly Uint8Array[]): void {
  for (const set of sets) writer.u16(set.length).write(set);
}

/** RFC 6381 section 3.3: `avc1.` and profile, constraint flags and level in hexadecimal, as HLS wants it in CODECS. */
export function h264CodecString(config: {
  readonly profileIndication: number;
  readonly profileCompatibility: number;
  readonly levelIndication: number;
}): string {
  const bytes = [config.profileIndication, config.profileCompatibility, config.levelIndication];
  return `avc1.${bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}
