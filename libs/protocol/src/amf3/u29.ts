// AMF3 section 1.3.1: variable length unsigned 29-bit integers.
import type { ByteReader, ByteWriter } from '../bytes/index.ts';

export const LARGEST_U29 = 0x1fff_ffff;

/** Reads one to four bytes: seven bits each, and all eight of the fourth. */
export function decodeU29(reader: ByteReader): number {
  let value = 0;
  for (let i = 0; i < 3; i++) {
    const byte = reader.u8();
    value = value * 128 + (byte & 0x7f);
    if (byte < 0x80) return value;
  }
  return value * 256 + reader.u8();
}

/** @param value 0 to 2^29 - 1. */
export function encodeU29(writer: ByteWriter, value: number): void {
  if (!(value >= 0 && value <= LARGEST_U29)) throw new RangeError(`${value} does not fit 29 bits`);
  if (value < 0x80) {
    writer.u8(value);
  } else if (value < 0x4000) {
    writer.u8((value >> 7) | 0x80).u8(value & 0x7f);
  } else if (value < 0x20_0000) {
    writer
      .u8((value >> 14) | 0x80)
      .u8(((value >> 7) & 0x7f) | 0x80)
      .u8(value & 0x7f);
  } else {
    writer
      .u8((value >> 22) | 0x80)
      .u8(((value >> 15) & 0x7f) | 0x80)
      .u8(((value >> 8) & 0x7f) | 0x80)
      .u8(value & 0xff);
  }
}
