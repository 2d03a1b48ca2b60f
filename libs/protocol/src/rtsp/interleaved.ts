// RFC 2326 section 10.12: binary data between messages.

/** `$`, channel, length in 16 bits. */
export const INTERLEAVED_HEADER_BYTES = 4;
export const INTERLEAVED_MARK = 0x24;

export function writeInterleavedHeader(bytes: Buffer, at: number, channel: number, length: number): void {
  bytes[at] = INTERLEAVED_MARK;
  bytes[at + 1] = channel;
  bytes.writeUInt16BE(length, at + 2);
}

export function encodeInterleaved(channel: number, packet: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(INTERLEAVED_HEADER_BYTES + packet.length);
  writeInterleavedHeader(bytes, 0, channel, packet.length);
  bytes.set(packet, INTERLEAVED_HEADER_BYTES);
  return bytes;
}

/** Walks whole packets, as `encodeInterleaved` writes them. @param each with the offset of a packet's header and its end */
export function eachInterleaved(bytes: Uint8Array, each: (channel: number, at: number, end: number) => void): void {
  for (let at = 0; at < bytes.length;) {
    const end = at + INTERLEAVED_HEADER_BYTES + ((bytes[at + 2]! << 8) | bytes[at + 3]!);
    each(bytes[at + 1]!, at, end);
    at = end;
  }
}
