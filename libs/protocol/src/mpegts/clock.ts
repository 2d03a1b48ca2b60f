// ISO/IEC 13818-1 sections 2.4.2.1 and 2.4.3.5 to 2.4.3.7: the 33-bit timestamps and the program clock reference.
import type { ByteReader } from '../bytes/index.ts';
import { ProtocolError } from '../bytes/index.ts';

/** PTS, DTS and the base of PCR count modulo 2^33: they start again after 26.5 hours. */
export const TIMESTAMP_MODULUS = 2 ** 33;
/** Ticks of the system clock (27 MHz) per tick of timestamps (90 kHz). */
export const SYSTEM_TICKS = 300;
export const PCR_BYTES = 6;
export const TIMESTAMP_BYTES = 5;

/** The prefix of four bits before a timestamp in a PES header. */
export const TimestampPrefix = { ptsOnly: 2, ptsBeforeDts: 3, dts: 1 } as const;

/** Any tick count as it goes into a stream. */
export function wrapTimestamp(ticks90k: number): number {
  return ticks90k - Math.floor(ticks90k / TIMESTAMP_MODULUS) * TIMESTAMP_MODULUS;
}

/** The tick count nearest to `reference90k` that shows as `wrapped` in a stream. */
export function unwrapTimestamp(wrapped: number, reference90k: number): number {
  return wrapped + Math.round((reference90k - wrapped) / TIMESTAMP_MODULUS) * TIMESTAMP_MODULUS;
}

/** Writes a timestamp (already wrapped) with its prefix and marker bits: five bytes. */
export function writeTimestamp(into: Uint8Array, offset: number, prefix: number, wrapped: number): void {
  const high = Math.floor(wrapped / 0x40000000);
  const low = wrapped % 0x40000000;
  into[offset] = (prefix << 4) | (high << 1) | 1;
  into[offset + 1] = low >>> 22;
  into[offset + 2] = ((low >>> 14) & 0xfe) | 1;
  into[offset + 3] = low >>> 7;
  into[offset + 4] = ((low << 1) & 0xfe) | 1;
}

/**
 * Reads a timestamp.
 * @throws ProtocolError when prefix or marker bits are wrong
 */
export function readTimestamp(reader: ByteReader, prefix: number): number {
  const first = reader.u8();
  const middle = reader.u16();
  const last = reader.u16();
  if (first >> 4 !== prefix || (first & 1) === 0 || (middle & 1) === 0 || (last & 1) === 0) {
    throw new ProtocolError('mpegts.pes.timestamp', reader.place, 'prefix or marker bits are wrong');
  }
  return ((first >> 1) & 7) * 0x40000000 + (middle >> 1) * 0x8000 + (last >> 1);
}

/** Writes a program clock reference of `base90k` (already wrapped) and extension 0: six bytes. */
export function writePcr(into: Uint8Array, offset: number, base90k: number): void {
  const high = Math.floor(base90k / 2);
  into[offset] = high >>> 24;
  into[offset + 1] = high >>> 16;
  into[offset + 2] = high >>> 8;
  into[offset + 3] = high;
  // The last bit of the base, six reserved bits, the upper bit of the extension.
  into[offset + 4] = ((base90k % 2) << 7) | 0x7e;
  into[offset + 5] = 0;
}

/** Reads a program clock reference, in ticks of 27 MHz. */
export function readPcr(reader: ByteReader): number {
  const high = reader.u32();
  const low = reader.u16();
  return (high * 2 + (low >> 15)) * SYSTEM_TICKS + (low & 0x1ff);
}
