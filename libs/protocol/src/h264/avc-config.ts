// ISO/IEC 14496-15 section 5.3.3.1: AVCDecoderConfigurationRecord, the body of an FLV AVC sequence header.
import { ByteReader, ByteWriter, ProtocolError } from '../bytes/index.ts';
import type { NalLengthSize } from './access-unit.ts';
import { NalUnitType, nalUnitType } from './nal-unit.ts';
import { decodeSps, MAX_SPS_BYTES } from './sps.ts';

const PLACE = 'h264/avc-config';
const VERSION = 1;
/** A PPS with all scaling matrices has some 500 bytes. */
export const MAX_PPS_BYTES = 4096;

/** Profiles whose record ends after the picture parameter sets: Baseline, Main, Extended. */
const SHORT_PROFILES = new Set([66, 77, 88]);

export interface AvcConfiguration {
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
 * Reads and checks a configuration record. The parameter sets are views of `record`.
 * @throws ProtocolError `h264.config.*` when it is not one that a decoder could work with: its sequence parameter sets are
 *   parsed, and profile and level must be those of the first one
 */
export function decodeAvcConfiguration(record: Uint8Array): AvcConfiguration {
  const reader = new ByteReader(record, PLACE);
  const version = reader.u8();
  if (version !== VERSION) throw invalid('version', `configurationVersion ${version}`);
  const profileIndication = reader.u8();
  const profileCompatibility = reader.u8();
  const levelIndication = reader.u8();
  const nalLengthSize = (reader.u8() & 3) + 1;
  if (nalLengthSize === 3) throw invalid('nal-length-size', 'lengths of 3 bytes are not allowed');
  const sps = readParameterSets(reader, reader.u8() & 0x1f, NalUnitType.sps, MAX_SPS_BYTES);
  const pps = readParameterSets(reader, reader.u8(), NalUnitType.pps, MAX_PPS_BYTES);
  if (sps.length === 0 || pps.length === 0) throw invalid('no-parameter-sets', `${sps.length} SPS, ${pps.length} PPS`);
  const extension = !SHORT_PROFILES.has(profileIndication) && reader.remaining > 0 ? readExtension(reader) : undefined;
  if (reader.remaining > 0) throw invalid('trailing-bytes', `${reader.remaining} bytes after the record`);
  checkAgainstSps(sps, profileIndication, levelIndication);
  return {
    profileIndication,
    profileCompatibility,
    levelIndication,
    nalLengthSize: nalLengthSize as NalLengthSize,
    sps,
    pps,
    extension,
  };
}

function readParameterSets(reader: ByteReader, count: number, type: number, maxBytes: number): Buffer[] {
  const sets: Buffer[] = [];
  for (let index = 0; index < count; index++) {
    const size = reader.u16();
    if (size === 0 || size > maxBytes) throw invalid('parameter-set-size', `${size} bytes`);
    const nalUnit = reader.take(size);
    if (nalUnitType(nalUnit[0]!) !== type) {
      throw invalid('parameter-set-type', `NAL unit type ${nalUnitType(nalUnit[0]!)} where ${type} belongs`);
    }
    sets.push(nalUnit);
  }
  return sets;
}

function readExtension(reader: ByteReader): AvcConfiguration['extension'] {
  const chromaFormat = reader.u8() & 3;
  const bitDepthLuma = 8 + (reader.u8() & 7);
  const bitDepthChroma = 8 + (reader.u8() & 7);
  const spsExtension: Buffer[] = [];
  for (let count = reader.u8(); count > 0; count--) spsExtension.push(reader.take(reader.u16()));
  return { chromaFormat, bitDepthLuma, bitDepthChroma, spsExtension };
}

function checkAgainstSps(sets: readonly Buffer[], profile: number, level: number): void {
  let maxLevel = 0;
  for (const set of sets) {
    const sps = decodeSps(set);
    // Section 5.3.3.1.2: profile and level are those of the stream as a whole, the level the highest one.
    if (sps.profileIdc !== profile) throw invalid('profile-mismatch', `record ${profile}, SPS ${sps.profileIdc}`);
    maxLevel = Math.max(maxLevel, sps.levelIdc);
  }
  if (maxLevel !== level) throw invalid('level-mismatch', `record ${level}, SPS ${maxLevel}`);
}

/** Writes a configuration record. */
export function encodeAvcConfiguration(config: AvcConfiguration): Buffer {
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

const invalid = (code: string, detail: string): ProtocolError =>
  new ProtocolError(`h264.config.${code}`, PLACE, detail);
