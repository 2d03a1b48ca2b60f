// ISO/IEC 13818-1 section 2.4.3.4: adaptation_field.
import type { ByteReader } from '../bytes/index.ts';
import { ProtocolError } from '../bytes/index.ts';
import { PCR_BYTES, readPcr, SYSTEM_TICKS, writePcr } from './clock.ts';

/** The flags byte. */
export const AdaptationFlag = {
  discontinuity: 0x80,
  /** Decoding can start at the payload of this packet. */
  randomAccess: 0x40,
  priority: 0x20,
  pcr: 0x10,
  opcr: 0x08,
  splicingPoint: 0x04,
  privateData: 0x02,
  extension: 0x01,
} as const;

export const STUFFING_BYTE = 0xff;

export interface AdaptationField {
  /** Bits of `AdaptationFlag`; 0 for a field of length 0, which has no flags byte. */
  readonly flags: number;
  /** Program clock reference in ticks of 27 MHz. */
  readonly pcr: number | undefined;
  /** Bytes after adaptation_field_length. */
  readonly length: number;
}

/**
 * Reads an adaptation field, its length byte first, and leaves the reader behind it.
 * @throws ProtocolError when it is longer than the packet
 */
export function decodeAdaptationField(reader: ByteReader): AdaptationField {
  const length = reader.u8();
  if (length > reader.remaining) {
    throw new ProtocolError('mpegts.adaptation.length', reader.place, `${length} bytes, has ${reader.remaining}`);
  }
  if (length === 0) return { flags: 0, pcr: undefined, length };
  const field = reader.sub(length);
  const flags = field.u8();
  return { flags, pcr: (flags & AdaptationFlag.pcr) !== 0 ? readPcr(field) : undefined, length };
}

/**
 * Writes an adaptation field that takes `size` bytes in all, filled up with stuffing.
 * @param size bytes with the length byte: 1 for an empty field, at least 2 with flags, 8 with a PCR
 * @param pcrBase90k base of the PCR when the flags announce one, already wrapped
 */
export function writeAdaptationField(
  into: Uint8Array,
  offset: number,
  size: number,
  flags: number,
  pcrBase90k: number,
): void {
  into[offset] = size - 1;
  if (size === 1) return;
  into[offset + 1] = flags;
  let at = offset + 2;
  if ((flags & AdaptationFlag.pcr) !== 0) {
    writePcr(into, at, pcrBase90k);
    at += PCR_BYTES;
  }
  into.fill(STUFFING_BYTE, at, offset + size);
}

/** The 90 kHz part of a PCR. */
export function pcrBase90k(pcr: number): number {
  return Math.floor(pcr / SYSTEM_TICKS);
}
