// "AV1 Codec ISO Media File Format Binding" section 2.3: AV1CodecConfigurationRecord, the body of a sequence start of Enhanced RTMP.
import { ByteReader, ProtocolError } from '../bytes/index.ts';
import { ObuType, splitObus } from './obu.ts';
import { decodeAv1SequenceHeader } from './sequence-header.ts';
import type { Av1SequenceHeader } from './sequence-header.ts';

const PLACE = 'av1/configuration';
/** marker 1 and version 1. */
const MARKER_AND_VERSION = 0x81;
const FIXED_BYTES = 4;
/** A sequence header, and metadata such as HDR. */
export const MAX_AV1_CONFIGURATION_BYTES = 4_096;
const [MAIN_TIER, HIGH_TIER] = ['M', 'H'];

export interface Av1Configuration {
  readonly profile: number;
  readonly level: number;
  readonly tier: number;
  readonly bitDepth: number;
  readonly monochrome: boolean;
  /** Undefined in a record without one: it is then in the first keyframe. */
  readonly sequence: Av1SequenceHeader | undefined;
}

/**
 * Reads a record.
 * @throws ProtocolError when it is none, or has a sequence header that cannot be read
 */
export function decodeAv1Configuration(record: Uint8Array): Av1Configuration {
  if (record.length > MAX_AV1_CONFIGURATION_BYTES)
    throw new ProtocolError('av1.config.too-long', PLACE, `${record.length}`);
  const reader = new ByteReader(record, PLACE);
  const first = reader.u8();
  if (first !== MARKER_AND_VERSION) throw new ProtocolError('av1.config.version', PLACE, `first byte ${first}`);
  const [levels, flags] = [reader.u8(), reader.u8()];
  reader.u8();
  const obus = reader.rest();
  const header = splitObus(obus).find(({ type }) => type === ObuType.sequenceHeader);
  return {
    profile: levels >> 5,
    level: levels & 31,
    tier: flags >> 7,
    bitDepth: (flags & 0x40) === 0 ? 8 : (flags & 0x20) === 0 ? 10 : 12,
    monochrome: (flags & 0x10) !== 0,
    sequence: header && decodeAv1SequenceHeader(obus.subarray(header.start, header.end)),
  };
}

/** Writes the record of a sequence header. @param obu with its own header, and a size in it */
export function encodeAv1Configuration(obu: Uint8Array): Buffer {
  const sequence = decodeAv1SequenceHeader(obu);
  const { profile, level, tier, bitDepth, monochrome, subsamplingX, subsamplingY, chromaSamplePosition } = sequence;
  const flags =
    (tier << 7) |
    (bitDepth > 8 ? 0x40 : 0) |
    (bitDepth > 10 ? 0x20 : 0) |
    (monochrome ? 0x10 : 0) |
    (subsamplingX << 3) |
    (subsamplingY << 2) |
    chromaSamplePosition;
  return Buffer.concat([Buffer.of(MARKER_AND_VERSION, (profile << 5) | level, flags, 0), obu]);
}

/** The sequence header of a record, with its own header; undefined for a record without one. */
export function sequenceHeaderOf(record: Uint8Array): Buffer | undefined {
  const obus = Buffer.from(record.buffer, record.byteOffset, record.byteLength).subarray(FIXED_BYTES);
  const header = splitObus(obus).find(({ type }) => type === ObuType.sequenceHeader);
  return header && obus.subarray(header.start, header.end);
}

/** Section 5 of the binding: `av01.`, profile, level with tier, and bit depth. */
export function av1CodecString({ profile, level, tier, bitDepth }: Av1Configuration): string {
  return `av01.${profile}.${twoDigits(level)}${tier === 0 ? MAIN_TIER : HIGH_TIER}.${twoDigits(bitDepth)}`;
}

const twoDigits = (value: number): string => String(value).padStart(2, '0');
